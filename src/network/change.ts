import type { SetMember } from '../records/ipset.ts';
import type { Family, Rule, TableName } from '../records/iptables.ts';
import type { RealServer, VirtualService } from '../records/ipvs.ts';
import type { LinkAddress } from '../records/link.ts';
import type { FdbEntry, Neighbour, Route, RouteRule } from '../records/route.ts';
import type { Socket } from '../records/socket.ts';
import type { Source } from '../records/source.ts';
import type { XfrmPolicy, XfrmState } from '../records/xfrm.ts';
import { assemble } from './assemble.ts';
import { CHANGED, changeRule, changeSet, type RuleOf } from './change-filter.ts';
import { changeAddress, changeLink } from './change-link.ts';
import { changeSysctl } from './change-sysctl.ts';
import type { NetNamespace } from './namespace.ts';
import type { NetNode, Network } from './network.ts';

/** Tables of a namespace that are lists of records: an entry is added whole, or deleted by the line that showed it. */
export interface ListedRecords {
  readonly 'xfrm-policy': XfrmPolicy;
  readonly 'xfrm-state': XfrmState;
  readonly route: Route;
  readonly 'route-rule': RouteRule;
  readonly neighbour: Neighbour;
  readonly fdb: FdbEntry;
  readonly socket: Socket;
  readonly 'virtual-service': VirtualService;
}

/** A record that no capture holds. */
export type Unsourced<T> = Omit<T, 'source'>;

type ListChange = {
  [K in keyof ListedRecords]:
    | { readonly op: 'add'; readonly what: K; readonly record: Unsourced<ListedRecords[K]> }
    | { readonly op: 'delete'; readonly what: K; readonly source: Source };
}[keyof ListedRecords];

/** Which iptables table a rule goes to; the one of that family and name, whichever backend, where `backend` is left out. */
export type RuleChange =
  | {
      readonly op: 'add';
      readonly what: 'iptables-rule';
      readonly family: Family;
      readonly table: TableName;
      readonly chain: string;
      /** 1-based as in `iptables -I CHAIN N`; undefined appends. */
      readonly position: number | undefined;
      readonly record: RuleOf<Rule>;
    }
  | { readonly op: 'delete'; readonly what: 'iptables-rule'; readonly source: Source }
  | {
      readonly op: 'set';
      readonly what: 'chain-policy';
      readonly family: Family;
      readonly table: TableName;
      readonly chain: string;
      readonly policy: 'ACCEPT' | 'DROP';
    }
  | { readonly op: 'delete'; readonly what: 'nft-rule'; readonly source: Source };

export type SetChange =
  | { readonly op: 'add'; readonly what: 'set-member'; readonly set: string; readonly record: Unsourced<SetMember> }
  | { readonly op: 'delete'; readonly what: 'set-member'; readonly set: string; readonly parts: readonly string[] };

export type AddressChange =
  | {
      readonly op: 'add';
      readonly what: 'address';
      readonly device: string;
      readonly record: Unsourced<LinkAddress>;
    }
  | { readonly op: 'delete'; readonly what: 'address'; readonly device: string; readonly address: string };

export type LinkChange = {
  readonly op: 'set';
  readonly what: 'link';
  readonly device: string;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly hairpin?: boolean;
};

export type SysctlChange = {
  readonly op: 'set';
  readonly what: 'sysctl';
  /** As `sysctl -w` takes it: `net.ipv4.conf.all.rp_filter`. */
  readonly name: string;
  readonly value: string;
};

export type ServerChange =
  | {
      readonly op: 'add';
      readonly what: 'real-server';
      readonly service: Source;
      readonly record: Unsourced<RealServer>;
    }
  | { readonly op: 'delete'; readonly what: 'real-server'; readonly source: Source };

/** One command that somebody would type, as a change of the model. `namespace` is a NetNamespace's id. */
export type Change = { readonly namespace: string } & (
  | ListChange
  | RuleChange
  | SetChange
  | AddressChange
  | LinkChange
  | SysctlChange
  | ServerChange
);

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

const isAt = (source: Source, record: { readonly source: Source }): boolean =>
  record.source.file === source.file && record.source.line === source.line;

/** The list with the record at its end, or without the one of that line. */
const listed = <T extends { readonly source: Source }>(
  list: readonly T[],
  change: { op: 'add'; record: Unsourced<T> } | { op: 'delete'; source: Source },
): readonly T[] => {
  if (change.op === 'add') return [...list, { ...change.record, source: CHANGED } as unknown as T];
  const kept = list.filter((record) => !isAt(change.source, record));
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
      return isAt(change.service, service) ? { ...service, servers: listed(service.servers, change) } : service;
    const servers = listed(service.servers, change);
    return servers === service.servers ? service : { ...service, servers };
  });
  return services.every((service, i) => service === ns.services[i]) ? ns : { ...ns, services };
};
