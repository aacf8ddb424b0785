import type { Link, LinkAddress } from '../records/link.ts';
import { canonicalAddress } from '../tables/address.ts';
import { endKey, type VethEnd, vethPairs } from './build-veth.ts';
import type { NetNamespace } from './namespace.ts';
import type { AddressOwner, KubeObjects, NetNode, Network, VethPeer } from './network.ts';

/** What of a network stays true when a change leaves its devices alone; worked out at the first question. */
interface Indices {
  readonly pairs: () => ReadonlyMap<string, VethEnd>;
  readonly addresses: () => ReadonlyMap<string, readonly Holding[]>;
}
interface Holding {
  readonly namespace: string;
  readonly device: string;
  readonly address: LinkAddress;
}

const indicesOf = new WeakMap<Network, Indices>();

/** A network of these nodes. `before` is the network that they are a changed copy of: its cables stay where they are. */
export const assemble = (nodes: readonly NetNode[], kube: KubeObjects, before?: Network): Network => {
  const namespaces = new Map(nodes.flatMap((node) => node.namespaces.map((ns) => [ns.id, ns] as const)));
  const known = before && indicesOf.get(before);
  const sameLinks =
    before !== undefined && [...namespaces].every(([id, ns]) => before.namespaces.get(id)?.links === ns.links);
  const indices: Indices = {
    pairs: known?.pairs ?? lazily(() => new Map(nodes.flatMap(pairsOf))),
    addresses: known && sameLinks ? known.addresses : lazily(() => holdings(namespaces.values())),
  };
  const network: Network = {
    nodes,
    namespaces,
    kube,
    owners: (address) =>
      (indices.addresses().get(canonicalAddress(address) ?? address) ?? []).flatMap((held): AddressOwner[] => {
        const namespace = namespaces.get(held.namespace);
        const link = namespace?.links.get(held.device);
        return namespace && link ? [{ namespace, link, address: held.address }] : [];
      }),
    vethPeer: (namespace, device): VethPeer | undefined => {
      const far = indices.pairs().get(endKey({ namespace: namespace.id, device }));
      const there = far && namespaces.get(far.namespace);
      const link = far && there?.links.get(far.device);
      return there && link ? { namespace: there, link } : undefined;
    },
    portsOf: (namespace, master) => portsByMaster(namespace.links).get(master) ?? [],
  };
  indicesOf.set(network, indices);
  return network;
};

/** Both directions of every pair; devices that were listed tell for themselves. */
const pairsOf = ({ namespaces, cables = [] }: NetNode): readonly (readonly [string, VethEnd])[] => {
  const listed = vethPairs(namespaces);
  const seen = cables.flatMap(({ a, b }) =>
    listed.has(endKey(a)) || listed.has(endKey(b)) ? [] : [[endKey(a), b] as const, [endKey(b), a] as const],
  );
  return [...listed, ...seen];
};

const lazily = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const holdings = (namespaces: Iterable<NetNamespace>): ReadonlyMap<string, readonly Holding[]> => {
  const byAddress = new Map<string, Holding[]>();
  for (const ns of namespaces)
    for (const link of ns.links.values())
      for (const address of link.addresses) {
        const holding = { namespace: ns.id, device: link.name, address };
        const known = byAddress.get(address.address);
        if (known) known.push(holding);
        else byAddress.set(address.address, [holding]);
      }
  return byAddress;
};

const portsCache = new WeakMap<ReadonlyMap<string, Link>, ReadonlyMap<string, readonly Link[]>>();

const portsByMaster = (links: ReadonlyMap<string, Link>): ReadonlyMap<string, readonly Link[]> => {
  const cached = portsCache.get(links);
  if (cached) return cached;
  const ports = new Map<string, Link[]>();
  for (const link of links.values())
    if (link.master !== undefined) ports.set(link.master, [...(ports.get(link.master) ?? []), link]);
  portsCache.set(links, ports);
  return ports;
};
