import type { Capture } from '../records/capture.ts';
import type { Placed } from './assign.ts';
import type { Bundle, BundleNode } from './bundle.ts';
import { type Part, partOf } from './machines/part.ts';
import { settle, type WantedMoment } from './machines/settle.ts';
import { unrelatedNotes } from './machines/unrelated.ts';
import { momentsOf, tornAcross } from './moments.ts';
import { archiveName } from './names.ts';
import type { OneReading } from './read-bundle.ts';

/** One bundle out of what was read: every machine once, of one moment, with its captures in the order in which they were taken. */
export const compose = (readings: readonly OneReading[], wanted: WantedMoment): Bundle => {
  const parts = readings.flatMap((reading, i) =>
    partsOf(reading, readings.length > 1 ? archiveName(reading.name) : '', i),
  );
  const settled = settle(parts, wanted);
  const nodes = new Map(settled.placed.map((p) => [p.found, p]));
  const finals = readings.map((reading) => {
    const own = reading.placed.flatMap((p) => (p.node === undefined ? [p] : (nodes.get(p.found) ?? [])));
    return { own, ...momentsOf(reading.clocksOf(own)) };
  });
  const times = finals.flatMap((final) => final.times);
  const unread = readings.flatMap((reading) => reading.unread ?? []);
  const notes = [
    ...readings.flatMap((reading, i) => [...reading.notes, ...(finals[i]?.notes ?? [])]),
    ...settled.notes,
    ...unrelatedNotes(readings, settled.placed),
  ];
  const torn =
    readings.length < 2 || notes.some(({ code }) => code === 'torn-snapshot') ? undefined : tornAcross(times);
  return {
    name: readings.map(({ name }) => name).join(' '),
    layout: readings[0]?.layout ?? 'generic',
    nodes: withSilent(nodesOf(inOrder(readings, settled.placed, finals)), readings),
    ignored: readings.flatMap(({ ignored }) => ignored),
    notes: torn ? [...notes, torn] : notes,
    ...(unread.length > 0 ? { unread } : {}),
    times,
    origins: readings.flatMap(({ origins }) => origins),
  };
};

const withSilent = (nodes: readonly BundleNode[], readings: readonly OneReading[]): readonly BundleNode[] => {
  const silent = readings
    .flatMap((reading) => reading.silent ?? [])
    .filter((name) => !nodes.some((node) => node.name === name));
  return [...nodes, ...[...new Set(silent)].map((name) => ({ name, namespaces: [{ name: '', captures: [] }] }))];
};

/** What each collection of a reading holds. What is the cluster's is no machine's. */
const partsOf = (reading: OneReading, title: string, at: number): readonly Part[] => {
  const groups = new Map<string, Placed[]>();
  for (const p of reading.placed)
    if (p.node !== undefined) {
      const key = JSON.stringify([at, p.collection, p.node]);
      groups.set(key, [...(groups.get(key) ?? []), p]);
    }
  const keyed = [...groups].flatMap(([key, list]) => list.map((p): Placed => ({ ...p, node: key })));
  const clocks = reading.clocksOf(keyed);
  return [...groups].map(([key, list]) => {
    const { collection = '' } = list[0] ?? {};
    const folder = titleOf(collection);
    return partOf(
      list,
      clocks.filter((clock) => clock.node === key),
      [title, folder].filter((text) => text !== '').join('/'),
      reading.path,
    );
  });
};

/** `sosreport-n1-2026-11-20-abcdefg/`, `inner.tar!/before/gw`, a file of outputs behind its folder. */
const titleOf = (collection: string): string =>
  (collection.split('\n').at(-1) ?? '').replace(/!?\/+$/, '').replace(/^\/+/, '');

/** Nodes in the order in which the readings name them; each one's captures in the order in which they were taken. What is the cluster's is kept with the first node of its reading. */
const inOrder = (
  readings: readonly OneReading[],
  settled: readonly Placed[],
  finals: readonly { readonly own: readonly Placed[] }[],
): readonly (Placed & { readonly node: string })[] => {
  const order = new Map<string, Placed[]>();
  readings.forEach((reading, i) => {
    const own = finals[i]?.own ?? [];
    const firstNode = own.find((p) => p.node !== undefined)?.node ?? archiveName(reading.name);
    for (const p of own) {
      const node = p.node ?? firstNode;
      const known = order.get(node) ?? [];
      order.set(node, known);
      if (p.node === undefined) known.push({ ...p, node });
    }
  });
  const machines = new Map<string, Placed[]>();
  for (const p of settled) if (p.node !== undefined) machines.set(p.node, [...(machines.get(p.node) ?? []), p]);
  return [...order].flatMap(([node, cluster]) =>
    [...cluster, ...(machines.get(node) ?? [])].map((p) => ({ ...p, node })),
  );
};

const nodesOf = (placed: readonly (Placed & { readonly node: string })[]): readonly BundleNode[] => {
  const nodes = new Map<string, Map<string, Capture[]>>();
  for (const { found, node, namespace } of placed) {
    if (!found.capture) continue;
    const namespaces = nodes.get(node) ?? new Map<string, Capture[]>();
    nodes.set(node, namespaces);
    namespaces.set(namespace, [...(namespaces.get(namespace) ?? []), found.capture]);
  }
  return [...nodes].map(([name, namespaces]) => ({
    name,
    namespaces: [...namespaces].map(([ns, captures]) => ({ name: ns, captures: withoutTyped(captures) })),
  }));
};

const RULES: ReadonlySet<string> = new Set(['iptables-save', 'iptables-list', 'nft-ruleset']);

/** What somebody typed tells nothing where the kernel tells its rules. */
const withoutTyped = (captures: readonly Capture[]): readonly Capture[] =>
  captures.some(({ kind, origin, records }) => RULES.has(kind) && origin !== 'typed' && records > 0)
    ? captures.filter(({ origin }) => origin !== 'typed')
    : captures;
