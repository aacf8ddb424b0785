import { canonicalAddress, prefixContains } from '../../tables/address.ts';
import type { Placed } from '../assign.ts';
import { type BundleNote, note } from '../note.ts';
import { isMadeUp } from './identity.ts';

interface Read {
  readonly name: string;
  readonly placed: readonly Placed[];
}

/** What a bundle has of its own, and what it knows of others. */
interface Reach {
  readonly addresses: readonly string[];
  readonly prefixes: readonly string[];
  readonly nodes: ReadonlySet<string>;
  readonly cluster: ReadonlySet<string>;
}

/** Bundles that were given together of which neither has a subnet, route, neighbour, tunnel or cluster object in which the other occurs. */
export const unrelatedNotes = (readings: readonly Read[], settled: readonly Placed[]): readonly BundleNote[] => {
  if (readings.length < 2) return [];
  const nodeOf = new Map(settled.map((p) => [p.found, p.node]));
  const reaches = readings.map(({ placed }) => reachOf(placed, nodeOf));
  const alone = readings.filter((_, i) => {
    const mine = reaches[i];
    return (
      mine !== undefined &&
      mine.addresses.length > 0 &&
      reaches.every((theirs, at) => at === i || (theirs.addresses.length > 0 && !related(mine, theirs)))
    );
  });
  return alone.length === 0 ? [] : [note('unrelated', { bundles: alone.map(({ name }) => name) })];
};

const related = (a: Reach, b: Reach): boolean =>
  [...a.nodes].some((node) => b.nodes.has(node)) ||
  [...a.cluster].some((name) => b.cluster.has(name)) ||
  knowsOf(a, b) ||
  knowsOf(b, a);

const knowsOf = (a: Reach, b: Reach): boolean =>
  a.prefixes.some((prefix) => b.addresses.some((address) => prefixContains(prefix, address)));

const reachOf = (placed: readonly Placed[], nodeOf: ReadonlyMap<Placed['found'], string | undefined>): Reach => {
  const data = placed.flatMap(({ found }) => found.capture?.data ?? []);
  const links = data.flatMap((one) => one.links ?? []).filter((link) => link.name !== 'lo' && !isMadeUp(link));
  const own = links.flatMap((link) => link.addresses.filter(({ scope }) => scope === 'global'));
  const routes = data
    .flatMap((one) => one.routes ?? [])
    .filter(
      ({ type, nextHops }) =>
        type === 'unicast' && !nextHops.some(({ dev }) => dev !== undefined && isMadeUp({ name: dev })),
    );
  const told = [
    ...own.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    ...routes.flatMap(({ prefix, nextHops }) => [prefix, ...nextHops.flatMap(({ via }) => via ?? [])]),
    ...data.flatMap((one) => [
      ...(one.neighbours ?? []).map(({ address }) => address),
      ...(one.states ?? []).flatMap(({ src, dst }) => [src, dst]),
      ...(one.services ?? []).flatMap(({ servers }) => servers.map(({ address }) => address)),
    ]),
  ];
  return {
    addresses: own.map(({ address }) => address),
    prefixes: told.flatMap((text) => {
      const [address = '', length] = text.split('/');
      if (canonicalAddress(address) === undefined || length === '0') return [];
      return [length === undefined ? `${address}/${address.includes(':') ? 128 : 32}` : text];
    }),
    nodes: new Set(placed.flatMap(({ found, node }) => nodeOf.get(found) ?? node ?? [])),
    cluster: new Set(
      data.flatMap(({ kube }) => [
        ...(kube?.nodes ?? []).map(({ name }) => name),
        ...(kube?.pods ?? []).map(({ namespace, name }) => `${namespace}/${name}`),
      ]),
    ),
  };
};
