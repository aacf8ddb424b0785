import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Neighbour } from '../../records/route.ts';
import type { Source } from '../../records/source.ts';
import type { Missing } from '../step.ts';

/** What the neighbour table says of an address on a device. */
export interface NeighbourAnswer {
  /**
   * `noarp`: the device asks nobody (point to point, loopback, NOARP). `incomplete`: asked and not answered yet.
   * `unknown`: no entry — never asked, aged out, or the table was not captured, which `missing` says.
   */
  readonly state: 'resolved' | 'failed' | 'incomplete' | 'unknown' | 'noarp';
  readonly mac: string | undefined;
  readonly sources: readonly Source[];
  readonly missing: Missing | undefined;
}

const FAILED = new Set(['FAILED']);
const OPEN = new Set(['INCOMPLETE', 'NONE']);

/** neigh_resolve_output as far as a dump tells; entries of proxy_arp and proxy_ndp are no neighbours. */
export const resolveNeighbour = (ns: NetNamespace, dev: string, address: string): NeighbourAnswer => {
  const entry = entriesOf(ns.neighbours).get(`${dev} ${address}`);
  if (entry) return { state: stateOf(entry), mac: entry.mac, sources: [entry.source], missing: undefined };
  const link = ns.links.get(dev);
  if (link?.flags.some((flag) => flag === 'NOARP' || flag === 'LOOPBACK' || flag === 'POINTOPOINT'))
    return { state: 'noarp', mac: undefined, sources: [link.source], missing: undefined };
  return {
    state: 'unknown',
    mac: undefined,
    sources: ns.captureSources.get('ip-neigh') ?? [],
    missing: knows(ns, 'ip-neigh') ? undefined : { kind: 'ip-neigh', namespace: ns.id },
  };
};

const stateOf = (entry: Neighbour): NeighbourAnswer['state'] => {
  if (entry.states.some((state) => FAILED.has(state))) return 'failed';
  if (entry.mac === undefined) return entry.states.includes('NOARP') ? 'noarp' : 'incomplete';
  return entry.states.some((state) => OPEN.has(state)) ? 'incomplete' : 'resolved';
};

const cache = new WeakMap<readonly Neighbour[], ReadonlyMap<string, Neighbour>>();

const entriesOf = (neighbours: readonly Neighbour[]): ReadonlyMap<string, Neighbour> => {
  const cached = cache.get(neighbours);
  if (cached) return cached;
  const made = new Map(neighbours.filter((n) => !n.proxy).map((n) => [`${n.dev} ${n.address}`, n] as const));
  cache.set(neighbours, made);
  return made;
};
