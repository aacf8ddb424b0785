import { namespaceId } from '../../causes/facts/ending.ts';
import type { FlowAnalysis } from '../../causes/facts/finding.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import { legsOfBranch } from '../../path/walk-result.ts';
import type { CaptureKind } from '../../records/capture.ts';

/** A kind that the way through a namespace needs and that was not captured. */
export interface NeededKind {
  readonly at: string;
  readonly kind: CaptureKind;
}

/** Nodes of a bundle whose state is asked for where nothing tells which of them the flow meets. */
const NODES_MOST = 4;

/** What forwards, in the order in which a packet asks for it. */
const HOST: readonly CaptureKind[] = [
  'ip-addr',
  'ip-route',
  'ip-rule',
  'iptables-save',
  'conntrack',
  'sysctl',
  'ip-neigh',
];
const UNASKED: readonly CaptureKind[] = [
  'tcpdump',
  'conntrack',
  ...HOST.filter((kind) => kind !== 'conntrack'),
  'sockets',
];
const POD: readonly CaptureKind[] = ['ip-addr', 'ip-route', 'sockets'];
const ENDS: readonly CaptureKind[] = [
  'ip-addr',
  'ip-route',
  'ip-rule',
  'iptables-save',
  'conntrack',
  'sockets',
  'tcpdump',
];

/** What any flow's way needs, and what shows one fail, of the bundle's first nodes: where nobody asked about a flow and none looks broken. */
export const neededWithoutFlow = (network: Network): readonly NeededKind[] =>
  network.nodes
    .map((node) => node.host)
    .slice(0, NODES_MOST)
    .flatMap((ns) => UNASKED.filter((kind) => !isHeld(ns, kind)).map((kind): NeededKind => ({ at: ns.id, kind })));

/** Everything that the flow's way needs, there and back, and that the bundle lacks: by namespace in the order in which the packet meets them, then the machines outside. */
export const neededOnTheWay = (network: Network, flow: FlowAnalysis): readonly NeededKind[] => {
  const met = namespacesOf(network, flow);
  const server = flow.walked.branches[0]?.forward.steps.at(-1);
  return [
    ...met.flatMap((ns) => lackingIn(network, flow, ns, server !== undefined && namespaceId(server) === ns.id)),
    ...outsideOf(network, flow).flatMap((address) => ENDS.map((kind): NeededKind => ({ at: address, kind }))),
  ];
};

/** Namespaces that the walk meets in any of its ways, that hold an end of the flow or that saw it; where there are none, the bundle's few nodes. */
const namespacesOf = (network: Network, flow: FlowAnalysis): readonly NetNamespace[] => {
  const { question, walked, evidence } = flow;
  const walkedIds = walked.branches.flatMap((branch) =>
    legsOfBranch(branch).flatMap((leg) => leg.steps.map(namespaceId)),
  );
  const holders = (address: string) => {
    const owners = network.owners(address).filter((o) => o.link.kind !== 'dummy' && !o.link.flags.includes('LOOPBACK'));
    return owners.length === 1 ? owners.map((o) => o.namespace.id) : [];
  };
  const ids = [
    ...(question.start === undefined ? [] : [question.start]),
    ...walkedIds,
    ...holders(question.src),
    ...holders(question.dst),
    ...evidence.entries.map((e) => e.namespace),
    ...evidence.packets.map((p) => p.namespace),
  ];
  const met = [...new Set(ids)].flatMap((id) => network.namespaces.get(id) ?? []);
  return met.length > 0 ? met : network.nodes.map((node) => node.host).slice(0, NODES_MOST);
};

const lackingIn = (
  network: Network,
  flow: FlowAnalysis,
  ns: NetNamespace,
  isServer: boolean,
): readonly NeededKind[] => {
  const kinds: CaptureKind[] = ns.name === '' ? [...HOST] : [...POD];
  if (ns.name === '' && isIpvsInSight(network, flow)) kinds.splice(4, 0, 'ipvsadm');
  if (ns.name === '' && isIpsecInSight(network)) kinds.splice(4, 0, 'xfrm-policy', 'xfrm-state');
  if (isServer) kinds.push('sockets');
  if (!flow.evidence.packets.some((p) => p.namespace === ns.id) && ns.packets.length === 0) kinds.push('tcpdump');
  return [...new Set(kinds)].filter((kind) => !isHeld(ns, kind)).map((kind) => ({ at: ns.id, kind }));
};

const isHeld = (ns: NetNamespace, kind: CaptureKind): boolean =>
  knows(ns, kind) || (kind === 'iptables-save' && knows(ns, 'nft-ruleset'));

/** Some host of the bundle balances with IPVS, or the flow is for an address that one holds for it. */
const isIpvsInSight = (network: Network, flow: FlowAnalysis): boolean =>
  flow.evidence.connections.length > 0 ||
  network.nodes.some(
    ({ host }) => host.links.has('kube-ipvs0') || host.services.length > 0 || host.ipvsConnections.length > 0,
  );

const isIpsecInSight = (network: Network): boolean =>
  network.nodes.some(({ host }) => host.states.length > 0 || host.policies.length > 0);

const PRIVATE =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:)/i;

/** The flow's ends that nobody in the bundle has: private ones alone, as nobody reading this has a shell on a stranger's machine. */
const outsideOf = (network: Network, { question, walked }: FlowAnalysis): readonly string[] => {
  const served = new Set([
    ...network.nodes.flatMap(({ host }) => host.services.map((s) => s.address ?? '')),
    ...network.kube.services.flatMap((s) => [...s.clusterIPs, ...s.externalIPs, ...s.loadBalancerIPs]),
  ]);
  const arrives = walked.branches.some((branch) => branch.forward.end.outcome === 'delivered');
  return [question.src, question.dst].filter(
    (address, i) =>
      PRIVATE.test(address) &&
      network.owners(address).length === 0 &&
      (i === 0 ? question.start === undefined : !served.has(address) && !arrives),
  );
};
