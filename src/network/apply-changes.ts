import type { VirtualService } from '../records/ipvs.ts';
import type { Neighbour } from '../records/route.ts';
import { isAt, type Source } from '../records/source.ts';
import { assemble } from './assemble.ts';
import { CHANGED, type Change, type ListChange, type ServerChange, type Unsourced } from './change.ts';
import { changeRule, changeSet } from './change-filter.ts';
import { changeAddress, changeLink } from './change-link.ts';
import { changeSysctl } from './change-sysctl.ts';
import type { NetNamespace } from './namespace.ts';
import type { NetNode, Network } from './network.ts';

/**
 * The network with the changes applied one after the other. Everything that no change touches is the same object as before;
 * a change whose object is not there (a rule that is not in the bundle, a namespace that is unknown) changes nothing, as the command would fail.
 */
export const applyChanges = (network: Network, changes: readonly Change[]): Network => {
  const changed = new Map<string, NetNamespace>();
  for (const change of changes) {
    const before = changed.get(change.namespace) ?? network.namespaces.get(change.namespace);
    if (before) changed.set(change.namespace, applyChange(before, change));
  }
  const isSame = [...changed].every(([id, ns]) => network.namespaces.get(id) === ns);
  if (isSame) return network;
  const nodes = network.nodes.map((node) => withNamespaces(node, changed));
  return assemble(nodes, network.kube, network);
};

const withNamespaces = (node: NetNode, changed: ReadonlyMap<string, NetNamespace>): NetNode => {
  if (!node.namespaces.some((ns) => changed.has(ns.id))) return node;
  return {
    ...node,
    host: changed.get(node.host.id) ?? node.host,
    namespaces: node.namespaces.map((ns) => changed.get(ns.id) ?? ns),
  };
};

const applyChange = (ns: NetNamespace, change: Change): NetNamespace => {
  switch (change.what) {
    case 'iptables-rule':
    case 'chain-policy':
    case 'nft-rule':
      return changeRule(ns, change);
    case 'set-member':
      return changeSet(ns, change);
    case 'address':
      return changeAddress(ns, change);
    case 'link':
      return changeLink(ns, change);
    case 'sysctl':
      return changeSysctl(ns, change);
    case 'real-server':
      return changeServer(ns, change);
    default:
      return changeList(ns, change);
  }
};

/** The list with the record at its end, or without the one of that line. */
const listed = <T extends { readonly source: Source }>(
  list: readonly T[],
  change: { op: 'add'; record: Unsourced<T> } | { op: 'delete'; source: Source },
): readonly T[] => {
  if (change.op === 'add') return [...list, { ...change.record, source: CHANGED } as unknown as T];
  const kept = list.filter((record) => !isAt(record, change.source));
  return kept.length === list.length ? list : kept;
};

const changeList = (ns: NetNamespace, change: ListChange): NetNamespace => {
  switch (change.what) {
    case 'xfrm-policy':
      return withList(ns, 'policies', listed(ns.policies, change));
    case 'xfrm-state':
      return withList(ns, 'states', listed(ns.states, change));
    case 'route':
      return withList(ns, 'routes', listed(ns.routes, change));
    case 'route-rule':
      return withList(ns, 'rules', listed(ns.rules, change));
    case 'neighbour':
      return withList(ns, 'neighbours', changeNeighbour(ns.neighbours, change));
    case 'fdb':
      return withList(ns, 'fdb', listed(ns.fdb, change));
    case 'socket':
      return withList(ns, 'sockets', listed(ns.sockets, change));
    case 'virtual-service':
      return withList(ns, 'services', listed(ns.services, change));
  }
};

const withList = <K extends keyof NetNamespace>(ns: NetNamespace, key: K, list: NetNamespace[K]): NetNamespace =>
  list === ns[key] ? ns : { ...ns, [key]: list };

/** `ip neigh replace`: an address has one entry per device. */
const changeNeighbour = (
  list: readonly Neighbour[],
  change: Extract<ListChange, { what: 'neighbour' }>,
): readonly Neighbour[] => {
  if (change.op === 'delete') return listed(list, change);
  const { dev, address } = change.record;
  return listed(
    list.filter((n) => n.dev !== dev || n.address !== address),
    change,
  );
};

const changeServer = (ns: NetNamespace, change: ServerChange): NetNamespace => {
  const services = ns.services.map((service): VirtualService => {
    if (change.op === 'add')
      return isAt(service, change.service) ? { ...service, servers: listed(service.servers, change) } : service;
    const servers = listed(service.servers, change);
    return servers === service.servers ? service : { ...service, servers };
  });
  return services.every((service, i) => service === ns.services[i]) ? ns : { ...ns, services };
};
