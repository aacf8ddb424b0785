import { type Link, type LinkAddress, UNNAMED_DEVICE } from '../../records/link.ts';
import { isInferred } from '../../records/origin.ts';
import type { Neighbour, Route } from '../../records/route.ts';
import type { Source } from '../../records/source.ts';
import {
  addressFamily,
  canonicalAddress,
  canonicalPrefix,
  isLoopback,
  prefixContains,
  prefixFamily,
  prefixLength,
} from '../../tables/address.ts';
import { knows, type NetNamespace } from '../namespace.ts';
import type { Clue, IsTunnel, LeadsTo, OnLink, OwnAddress, Weight } from './clue.ts';

/** An address that a namespace has by inference, with all that speaks for it; `clues` is never empty. */
export interface InferredAddress {
  readonly address: string;
  readonly family: 4 | 6;
  readonly weight: Weight;
  /** A service's: every line that speaks for it says so. */
  readonly virtual: boolean;
  readonly clues: readonly OwnAddress[];
}

/**
 * Addresses for which something speaks and nothing as strong speaks against. A line that says outright whose an address is outweighs packets that were seen;
 * of two of one weight that contradict each other neither counts.
 */
export const settleAddresses = (clues: readonly Clue[]): readonly InferredAddress[] => {
  const own = new Map<string, OwnAddress[]>();
  const foreign = new Map<string, Weight>();
  for (const clue of clues) {
    if (clue.fact !== 'address' && clue.fact !== 'foreign') continue;
    const address = canonicalAddress(clue.address);
    if (address === undefined || isLoopback(address)) continue;
    if (clue.fact === 'foreign') {
      if (foreign.get(address) !== 'strong') foreign.set(address, clue.weight);
    } else own.set(address, [...(own.get(address) ?? []), clue]);
  }
  return [...own].flatMap(([address, list]): InferredAddress[] => {
    const family = addressFamily(address);
    const weight = list.some((clue) => clue.weight === 'strong') ? 'strong' : 'weak';
    const against = foreign.get(address);
    if (family === undefined || against === weight || (against === 'strong' && weight === 'weak')) return [];
    const virtual = list.every((clue) => clue.virtual === true);
    return [{ address, family, weight, virtual, clues: list.toSorted(strongFirst) }];
  });
};

const strongFirst = (a: OwnAddress, b: OwnAddress): number =>
  Number(b.weight === 'strong') - Number(a.weight === 'strong');

/** The namespace with what its clues come to, as far as its captures leave it open. What was captured stays as it is. */
export const settle = (
  ns: NetNamespace,
  clues: readonly Clue[],
  addresses: readonly InferredAddress[],
): NetNamespace => {
  const devices = withTunnels(withDevices(ns, clues), clues);
  const links = withAddresses(ns, devices, clues, knows(ns, 'ip-addr') ? [] : addresses);
  const routes = knows(ns, 'ip-route') ? ns.routes : [...ns.routes, ...routesOf(clues)];
  const neighbours = knows(ns, 'ip-neigh') ? ns.neighbours : [...ns.neighbours, ...neighboursOf(clues)];
  return { ...ns, links, routes, neighbours };
};

/** Devices that lines name. A link listing names them all. */
const withDevices = (ns: NetNamespace, clues: readonly Clue[]): Map<string, Link> => {
  const links = new Map(ns.links);
  if (knows(ns, 'ip-link')) return links;
  for (const clue of clues) {
    if (!('device' in clue) || clue.device === undefined) continue;
    const known = links.get(clue.device);
    if (!known && clue.fact === 'address' && clue.virtual) {
      links.set(clue.device, { ...deviceOf(clue.device, undefined, clue.source), kind: 'dummy' });
      continue;
    }
    const mac = clue.fact === 'device' ? clue.mac : undefined;
    if (!known) links.set(clue.device, deviceOf(clue.device, mac, clue.source));
    else if (known.mac === undefined && mac !== undefined && known.origin) links.set(clue.device, { ...known, mac });
  }
  return links;
};

/** A device whose packets were seen to be wrapped, always between the same ends but for the far one, which a VXLAN has many of. */
const withTunnels = (links: Map<string, Link>, clues: readonly Clue[]): Map<string, Link> => {
  const byDevice = new Map<string, IsTunnel[]>();
  for (const clue of clues)
    if (clue.fact === 'tunnel') byDevice.set(clue.device, [...(byDevice.get(clue.device) ?? []), clue]);
  for (const [name, list] of byDevice) {
    const [first] = list;
    const link = links.get(name);
    if (!first || !link || !isInferred(link)) continue;
    const { kind, vni, port, local } = first;
    if (list.some((other) => other.kind !== kind || other.vni !== vni || other.port !== port || other.local !== local))
      continue;
    const remotes = new Set(list.map((clue) => clue.remote));
    const remote = remotes.size === 1 ? first.remote : undefined;
    if (kind === 'ipip') links.set(name, { ...link, kind, tunnel: { local, remote, dev: undefined } });
    else if (vni !== undefined && port !== undefined)
      links.set(name, {
        ...link,
        kind,
        vxlan: { id: vni, local, remote: undefined, group: undefined, dev: undefined, port, learning: true },
      });
  }
  return links;
};

const withAddresses = (
  ns: NetNamespace,
  links: Map<string, Link>,
  clues: readonly Clue[],
  addresses: readonly InferredAddress[],
): ReadonlyMap<string, Link> => {
  const held = new Set([...links.values()].flatMap((link) => link.addresses.map((a) => a.address)));
  const near = clues.filter((clue): clue is OnLink => clue.fact === 'on-link');
  const at = new Map(clues.flatMap((clue) => (clue.fact === 'seen-at' ? [[clue.address, clue.device] as const] : [])));
  for (const inferred of addresses) {
    if (held.has(inferred.address)) continue;
    const wanted = deviceFor(inferred, near, at);
    // A listing that does not have the device tells that it is another one.
    const isThere = links.has(wanted) || !knows(ns, 'ip-link');
    const name = isThere ? wanted : inferred.virtual ? UNNAMED_DUMMY : UNNAMED_DEVICE;
    const link = links.get(name) ?? deviceOf(name, undefined, (inferred.clues[0] as OwnAddress).source);
    links.set(name, { ...link, addresses: [...link.addresses, addressOf(inferred, near, name)] });
  }
  return links;
};

/** The device that the strongest lines name, if they name one; else the one on whose link the address is. */
const deviceFor = (
  { address, virtual, clues }: InferredAddress,
  near: readonly OnLink[],
  at: ReadonlyMap<string, string>,
): string => {
  for (const weight of ['strong', 'weak'] as const) {
    const named = new Set(
      clues.flatMap((clue) => (clue.weight === weight && clue.device !== undefined ? [clue.device] : [])),
    );
    if (named.size === 1) return [...named][0] as string;
    if (named.size > 1) break;
  }
  const nets = new Set(near.filter((net) => prefixContains(net.prefix, address)).map((net) => net.device));
  if (nets.size === 1) return [...nets][0] as string;
  return virtual ? UNNAMED_DUMMY : (at.get(address) ?? UNNAMED_DEVICE);
};

const addressOf = (
  { address, family, clues }: InferredAddress,
  near: readonly OnLink[],
  device: string,
): LinkAddress => {
  const net = near.find((one) => one.device === device && prefixContains(one.prefix, address));
  const told = clues.find((clue) => clue.prefixLength !== undefined)?.prefixLength;
  return {
    family,
    address,
    prefixLength: told ?? (net ? prefixLength(net.prefix) : undefined) ?? (family === 4 ? 32 : 128),
    peer: undefined,
    scope: 'global',
    secondary: false,
    deprecated: false,
    tentative: false,
    label: undefined,
    source: (clues[0] as OwnAddress).source,
    origin: 'inferred',
  };
};

/** Bears services' addresses of which no line says where they are bound. */
const UNNAMED_DUMMY = '*';

/** A device of which only the name is known, and that it is in use: packets pass it, routes lead by it. Loopback's name is always its own. */
const deviceOf = (name: string, mac: string | undefined, source: Source): Link => ({
  index: undefined,
  name,
  peerIndex: undefined,
  lower: undefined,
  peerNetns: undefined,
  flags: name === 'lo' ? ['LOOPBACK', 'UP'] : ['UP'],
  mtu: undefined,
  state: undefined,
  master: undefined,
  mac,
  kind: name === UNNAMED_DUMMY ? 'dummy' : undefined,
  vxlan: undefined,
  tunnel: undefined,
  xfrmIfId: undefined,
  vlanId: undefined,
  vrfTable: undefined,
  hairpin: undefined,
  addresses: [],
  stats: undefined,
  source,
  origin: 'inferred',
});

/**
 * Routes of the main table. One without a gateway is of scope `link` only where the address was asked for on the device itself; else its gateway is not known. Of one network that leads two ways nothing is known.
 */
const routesOf = (clues: readonly Clue[]): readonly Route[] => {
  const byPrefix = new Map<string, (LeadsTo | OnLink)[]>();
  for (const clue of clues) {
    if (clue.fact !== 'route' && clue.fact !== 'on-link') continue;
    const prefix = canonicalPrefix(clue.prefix);
    if (prefix !== undefined) byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), clue]);
  }
  return [...byPrefix].flatMap(([prefix, list]): Route[] => {
    const [first] = list;
    const family = prefixFamily(prefix);
    if (!first || family === undefined || list.some((clue) => clue.device !== first.device)) return [];
    const hops = new Set(list.map((clue) => (clue.fact === 'route' ? clue.via : undefined)));
    hops.delete(undefined);
    if (hops.size > 1) return [];
    const isOnLink = list.some((clue) => clue.fact === 'on-link');
    return [routeOf(prefix, family, first.device, [...hops][0], isOnLink ? 'link' : undefined, first.source)];
  });
};

const routeOf = (
  prefix: string,
  family: 4 | 6,
  dev: string,
  via: string | undefined,
  scope: 'link' | undefined,
  source: Source,
): Route => ({
  family,
  type: 'unicast',
  prefix,
  table: 'main',
  proto: undefined,
  scope,
  src: undefined,
  metric: 0,
  tos: undefined,
  mtu: undefined,
  advmss: undefined,
  nextHops: [{ via, dev, weight: 1, onlink: false, flags: [] }],
  nhid: undefined,
  source,
  origin: 'inferred',
});

/** Neighbours that were seen to answer, and addresses that nobody answers for. One that answers with two MACs is left out. */
const neighboursOf = (clues: readonly Clue[]): readonly Neighbour[] => {
  const found = new Map<string, Neighbour | undefined>();
  for (const clue of clues) {
    if (clue.fact !== 'neighbour' && clue.fact !== 'unanswered') continue;
    const address = canonicalAddress(clue.address);
    const family = address === undefined ? undefined : addressFamily(address);
    if (address === undefined || family === undefined) continue;
    const mac = clue.fact === 'neighbour' ? clue.mac : undefined;
    const key = `${clue.device} ${address}`;
    const known = found.get(key);
    if (found.has(key) && known?.mac !== mac) found.set(key, undefined);
    else if (!known)
      found.set(key, {
        family,
        address,
        dev: clue.device,
        mac,
        states: [mac === undefined ? 'FAILED' : 'REACHABLE'],
        router: false,
        proxy: false,
        source: clue.source,
        origin: 'inferred',
      });
  }
  return [...found.values()].filter((n) => n !== undefined);
};
