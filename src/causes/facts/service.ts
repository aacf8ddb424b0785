import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import type { VirtualService } from '../../records/ipvs.ts';
import type { KubeEndpoint, KubePort, KubeService } from '../../records/kube.ts';
import type { Source } from '../../records/source.ts';
import { realHolding } from './address.ts';
import { memberOf, proxySet } from './sets.ts';

/** A service's front: the address and port that clients ask. */
export interface Front {
  readonly proto: string;
  readonly address: string;
  readonly port: number;
}

const family = (front: Front): 4 | 6 => (front.address.includes(':') ? 6 : 4);

/** The IPVS service of exactly this front. */
export const virtualService = (ns: NetNamespace, front: Front): VirtualService | undefined =>
  ns.services.find((s) => s.proto === front.proto && s.address === front.address && s.port === front.port);

/** The front is a node port: an address of one of the node's real devices. */
export const isNodePort = (ns: NetNamespace, front: Front): boolean => realHolding(ns, front.address) !== undefined;

/** The same service as another node's IPVS has it: the same virtual address, or the same node port on that node's own address. */
export interface ElsewhereService {
  readonly namespace: NetNamespace;
  readonly service: VirtualService;
}
export const sameServiceElsewhere = (network: Network, ns: NetNamespace, front: Front): readonly ElsewhereService[] => {
  const nodePort = isNodePort(ns, front);
  return network.nodes.flatMap(({ host }) => {
    if (host === ns || host.node === ns.node) return [];
    const service = host.services.find(
      (s) =>
        s.proto === front.proto &&
        s.port === front.port &&
        (nodePort
          ? s.address !== undefined && isNodePort(host, { ...front, address: s.address })
          : s.address === front.address),
    );
    return service ? [{ namespace: host, service }] : [];
  });
};

/** What Kubernetes says of the front. */
export interface KubeFront {
  readonly service: KubeService;
  readonly port: KubePort;
  readonly kind: 'cluster' | 'external' | 'node-port';
}
export const kubeFront = (network: Network, front: Front, nodePort: boolean): KubeFront | undefined => {
  for (const service of network.kube.services)
    for (const port of service.ports) {
      if (port.protocol.toLowerCase() !== front.proto) continue;
      if (port.port === front.port && service.clusterIPs.includes(front.address))
        return { service, port, kind: 'cluster' };
      if (
        port.port === front.port &&
        (service.externalIPs.includes(front.address) || service.loadBalancerIPs.includes(front.address))
      )
        return { service, port, kind: 'external' };
      if (nodePort && port.nodePort === front.port) return { service, port, kind: 'node-port' };
    }
  return undefined;
};

/** Endpoints of the front's port; an empty list says nothing unless endpoints were captured. */
export const endpointsOf = (network: Network, { service, port }: KubeFront): readonly KubeEndpoint[] =>
  network.kube.endpoints.filter(
    (e) =>
      e.namespace === service.namespace &&
      e.service === service.name &&
      (e.portName === undefined || port.name === undefined || e.portName === port.name),
  );

export const serviceName = (front: KubeFront | undefined): string =>
  front ? `${front.service.namespace}/${front.service.name}` : '';

/** Yes or no with the line that says so; undefined where the bundle does not tell. */
export interface Told {
  readonly value: boolean;
  readonly source: Source | undefined;
  /** The set's name, or the object's. */
  readonly by: string;
}

/** Sets in which kube-proxy keeps the fronts of services with `externalTrafficPolicy: Local`. */
const localMember = (ns: NetNamespace, front: Front): Told | undefined => {
  const f = family(front);
  const pair = [front.address, `${front.proto}:${front.port}`];
  const wanted: readonly (readonly [string, readonly string[]])[] = [
    ['KUBE-LOAD-BALANCER-LOCAL', pair],
    ['KUBE-EXTERNAL-IP-LOCAL', pair],
    ...(isNodePort(ns, front)
      ? ([
          [`KUBE-NODE-PORT-LOCAL-${front.proto.toUpperCase()}`, [String(front.port)]],
          ['KUBE-NODE-PORT-LOCAL-SCTP-HASH', pair],
        ] as const)
      : []),
  ];
  let known = false;
  for (const [name, parts] of wanted) {
    const set = ns.sets.get(proxySet(f, name));
    if (!set) continue;
    known = true;
    const member = memberOf(set, parts);
    if (member) return { value: true, source: member.source, by: set.name };
  }
  return known ? { value: false, source: undefined, by: 'sets' } : undefined;
};

/** Whether the front belongs to a service with `externalTrafficPolicy: Local`, by kube-proxy's sets, else by the service itself. */
export const externallyLocal = (network: Network, ns: NetNamespace, front: Front): Told | undefined => {
  const bySet = localMember(ns, front);
  if (bySet?.value) return bySet;
  const kube = kubeFront(network, front, isNodePort(ns, front));
  if (kube && kube.kind !== 'cluster' && kube.service.externalTrafficPolicy !== undefined)
    return {
      value: kube.service.externalTrafficPolicy === 'Local',
      source: kube.service.source,
      by: serviceName(kube),
    };
  return bySet;
};

/** Members of the Local sets that stand for the front: what a change of the policy takes away on this node. */
export const localMembers = (
  ns: NetNamespace,
  front: Front,
): readonly { readonly set: string; readonly parts: readonly string[] }[] =>
  [...ns.sets.values()].flatMap((set) => {
    if (!/^KUBE-(6-)?(LOAD-BALANCER|EXTERNAL-IP|NODE-PORT)-LOCAL/.test(set.name)) return [];
    return set.members
      .filter(
        ({ parts }) =>
          (parts[0] === front.address && parts[1] === `${front.proto}:${front.port}`) ||
          (parts.length === 1 &&
            parts[0] === String(front.port) &&
            set.name.endsWith(front.proto.toUpperCase()) &&
            isNodePort(ns, front)),
      )
      .map(({ parts }) => ({ set: set.name, parts }));
  });

/** Whether the front is a ClusterIP, by kube-proxy's set, the service object or the proxy's rule comments. */
export const isClusterIp = (network: Network, ns: NetNamespace, front: Front): boolean | undefined => {
  const kube = kubeFront(network, front, false);
  if (kube) return kube.kind === 'cluster';
  const set = ns.sets.get(proxySet(family(front), 'KUBE-CLUSTER-IP'));
  if (set) return memberOf(set, [front.address, `${front.proto}:${front.port}`]) !== undefined;
  return knows(ns, 'ipset') ? false : undefined;
};

/** What the front is to its clients. */
export type FrontKind = 'node-port' | 'load-balancer' | 'external-ip' | 'cluster-ip' | 'unknown';
export const frontKind = (network: Network, ns: NetNamespace, front: Front): FrontKind => {
  if (isNodePort(ns, front)) return 'node-port';
  const kube = kubeFront(network, front, false);
  if (kube?.kind === 'cluster') return 'cluster-ip';
  if (kube) return kube.service.externalIPs.includes(front.address) ? 'external-ip' : 'load-balancer';
  const pair = [front.address, `${front.proto}:${front.port}`];
  const inSet = (name: string) => memberOf(ns.sets.get(proxySet(family(front), name)), pair) !== undefined;
  if (inSet('KUBE-CLUSTER-IP')) return 'cluster-ip';
  if (inSet('KUBE-LOAD-BALANCER') || inSet('KUBE-LOAD-BALANCER-LOCAL')) return 'load-balancer';
  if (inSet('KUBE-EXTERNAL-IP') || inSet('KUBE-EXTERNAL-IP-LOCAL')) return 'external-ip';
  return 'unknown';
};

/** The IPVS service of the front has a server that takes new connections. */
export const hasUsableServer = (service: VirtualService): boolean =>
  service.servers.some((s) => s.weight === undefined || s.weight > 0);

/** The namespace's node is one of the cluster's: pods run on it, or the cluster lists it. A client beside the cluster translates no services. */
export const runsPods = (network: Network, ns: NetNamespace): boolean =>
  (network.nodes.find((node) => node.name === ns.node)?.namespaces.length ?? 0) > 1 ||
  network.kube.nodes.some((node) => node.name === ns.node);
