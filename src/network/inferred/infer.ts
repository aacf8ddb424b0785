import { isInferred } from '../../records/origin.ts';
import { knows, type NetNamespace } from '../namespace.ts';
import type { KubeObjects, NetNode } from '../network.ts';
import { cablesOf, devicesOfOne, withPorts } from './cables.ts';
import type { Clue, ClueReader } from './clue.ts';
import { fromConntrack } from './from-conntrack.ts';
import { fromIpvs } from './from-ipvs.ts';
import { fromKube } from './from-kube.ts';
import { fromNeighbours } from './from-neighbours.ts';
import { fromPackets } from './from-packets.ts';
import { fromRoutes } from './from-routes.ts';
import { fromSets } from './from-sets.ts';
import { fromSockets } from './from-sockets.ts';
import { fromTunnels } from './from-tunnels.ts';
import { fromXfrm } from './from-xfrm.ts';
import { type InferredAddress, settle, settleAddresses } from './settle.ts';
import { commonEnds, ways } from './undirected.ts';

const READERS: readonly ClueReader[] = [
  fromRoutes,
  fromNeighbours,
  fromXfrm,
  fromSockets,
  fromKube,
  fromSets,
  fromIpvs,
  fromConntrack,
  fromPackets,
  fromTunnels,
];

/** Devices that bear virtual addresses: the same one may be on every node. */
const VIRTUAL = new Set(['dummy']);

interface Read {
  readonly ns: NetNamespace;
  readonly clues: readonly Clue[];
  readonly addresses: readonly InferredAddress[];
}

/**
 * The nodes with what their captures tell of addresses, devices, routes and neighbours that were not themselves captured. Such records say `origin: 'inferred'` and
 * quote the line that they follow from; `captured` says nothing of them. A namespace whose addresses and routes were captured gets none.
 */
export const withInferences = (nodes: readonly NetNode[], kube: KubeObjects): readonly NetNode[] => {
  const open = nodes.flatMap((node) => node.namespaces.filter(isOpen));
  if (open.length === 0) return nodes;
  const read = open.map((ns): Read => {
    const clues = READERS.flatMap((reader) => [...reader(ns, { kube })]);
    return { ns, clues, addresses: settleAddresses(clues) };
  });
  const taken = heldAddresses(nodes);
  const rivals = claims(read);
  const sure = read.map(({ ns, clues, addresses }): Read => {
    const kept = addresses.filter(
      (a) => a.virtual || (!taken.has(a.address) && isUnrivalled(a, rivals.get(a.address) ?? [])),
    );
    return { ns, clues, addresses: kept };
  });
  const elsewhere = new Set([...taken, ...rivals.keys()]);
  const settled = new Map(sure.map((one) => [one.ns.id, complete(one, nodes, elsewhere)] as const));
  return nodes.map((node) => (node.namespaces.some((ns) => settled.has(ns.id)) ? withCables(node, settled) : node));
};

const withCables = (node: NetNode, settled: ReadonlyMap<string, NetNamespace>): NetNode => {
  const [host = node.host, ...pods] = node.namespaces.map((ns) => settled.get(ns.id) ?? ns);
  const cables = cablesOf(host, pods);
  if (cables.length === 0) return { ...node, host, namespaces: [host, ...pods] };
  const bridged = withPorts(host, new Set(cables.map((cable) => cable.a.device)));
  return { ...node, host: bridged, namespaces: [bridged, ...pods], cables };
};

const isOpen = (ns: NetNamespace): boolean => !ns.imagined && !(knows(ns, 'ip-addr') && knows(ns, 'ip-route'));

/** A pod whose capture does not tell directions is the one end of all its packets that nobody else is; then its packets tell ways too. */
const complete = (
  { ns, clues, addresses }: Read,
  nodes: readonly NetNode[],
  elsewhere: ReadonlySet<string>,
): NetNamespace => {
  const found = knows(ns, 'ip-addr') || addresses.some((a) => !a.virtual) ? [] : lonelyEnd(ns, nodes, elsewhere);
  const all = [...addresses, ...settleAddresses(found)];
  const held = [...ns.links.values()].flatMap((link) => link.addresses.map((a) => a.address));
  const own = new Set([...held, ...all.map((a) => a.address)]);
  return settle(ns, [...clues, ...found, ...ways(ns, own)], all);
};

const lonelyEnd = (ns: NetNamespace, nodes: readonly NetNode[], elsewhere: ReadonlySet<string>): readonly Clue[] => {
  const ends = commonEnds(ns).filter((end) => !elsewhere.has(end.address));
  const host = nodes.find((node) => node.name === ns.node)?.host;
  const near = ends.length > 1 && host ? devicesOfOne(host) : undefined;
  const left = near ? ends.filter((end) => near.has(end.address)) : ends;
  return left.length === 1 ? left : [];
};

/** Addresses that captured devices really hold: nobody else has them. */
const heldAddresses = (nodes: readonly NetNode[]): ReadonlySet<string> =>
  new Set(
    nodes.flatMap((node) =>
      node.namespaces.flatMap((ns) =>
        [...ns.links.values()].flatMap((link) =>
          isInferred(link) || VIRTUAL.has(link.kind ?? '') || link.flags.includes('LOOPBACK')
            ? []
            : link.addresses.map((a) => a.address),
        ),
      ),
    ),
  );

const claims = (read: readonly Read[]): ReadonlyMap<string, readonly InferredAddress[]> => {
  const byAddress = new Map<string, InferredAddress[]>();
  for (const { addresses } of read)
    for (const claim of addresses) {
      const known = byAddress.get(claim.address);
      if (known) known.push(claim);
      else byAddress.set(claim.address, [claim]);
    }
  return byAddress;
};

/** Of several namespaces that seem to have an address it is the one's for which a stronger line speaks; else nobody's. */
const isUnrivalled = (claim: InferredAddress, all: readonly InferredAddress[]): boolean =>
  all.every((other) => other === claim || other.virtual || (other.weight === 'weak' && claim.weight === 'strong'));
