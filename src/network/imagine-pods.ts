import type { KubePod } from '../records/kube.ts';
import type { Link } from '../records/link.ts';
import type { Route } from '../records/route.ts';
import type { Source } from '../records/source.ts';
import { canonicalAddress, prefixContains, prefixLength } from '../tables/address.ts';
import { buildNamespace } from './build-namespace.ts';
import type { NetNamespace } from './namespace.ts';
import type { NetNode } from './network.ts';

/** Devices that only lead to pods, by the names that CNI plugins give them; without `-d` nothing else tells a bridge. */
const POD_BRIDGE = /^(?:cni|cbr|kube-bridge|docker|br-|nerdctl|podman|weave|antrea-gw|ovn-k8s-mp)/;
/** More pods than a node runs are no pods but an address list of something else. */
const MOST = 1024;

interface Pod {
  readonly address: string;
  readonly family: 4 | 6;
  readonly device: Link;
  readonly mac: string | undefined;
  readonly source: Source;
}

/**
 * Most collectors look at the host's own namespace only. A pod is then what the host knows of it: a host route to a veth, or a neighbour on a bridge that has no
 * port to the outside. Such a pod has one device with that address and a default route back, and nothing else is known of it. A node of which one pod was captured
 * was looked at closely: an address without a namespace there is nobody's. `taken` are the addresses that the bundle's devices hold.
 */
export const withImaginedPods = (node: NetNode, taken: ReadonlySet<string>, kube: readonly KubePod[]): NetNode => {
  if (node.namespaces.length > 1) return node;
  const pods = new Map<string, Pod>();
  for (const pod of [...behindRoutes(node.host), ...behindBridges(node.host)])
    if (!taken.has(pod.address) && !pods.has(pod.address) && pods.size < MOST) pods.set(pod.address, pod);
  if (pods.size === 0) return node;
  const imagined = [...pods.values()].map((pod) => imagine(node, pod, kube));
  return { ...node, namespaces: [node.host, ...imagined] };
};

/** Calico, Cilium, Terway, GKE: one route for each pod, to its veth. */
const behindRoutes = (host: NetNamespace): readonly Pod[] =>
  host.routes.flatMap((route): Pod[] => {
    const [hop] = route.nextHops;
    const device = hop?.dev === undefined ? undefined : host.links.get(hop.dev);
    if (!device || !isPlain(route) || prefixLength(route.prefix) !== widest(route.family) || !isVeth(device)) return [];
    const address = canonicalAddress(route.prefix.slice(0, route.prefix.indexOf('/')));
    const mac = host.neighbours.find((n) => n.dev === device.name && n.address === address)?.mac;
    return address === undefined ? [] : [{ address, family: route.family, device, mac, source: route.source }];
  });

/** flannel, kube-router, docker: pods on a bridge, known by the neighbour entries of those that spoke lately. */
const behindBridges = (host: NetNamespace): readonly Pod[] => {
  const bridges = new Map(
    [...host.links.values()].filter((link) => isPodBridge(host, link)).map((link) => [link.name, link] as const),
  );
  if (bridges.size === 0) return [];
  return host.neighbours.flatMap((n): Pod[] => {
    const device = bridges.get(n.dev);
    const gone = n.mac === undefined || n.states.includes('FAILED') || n.states.includes('INCOMPLETE');
    if (!device || gone || n.proxy || !isOn(device, n.address)) return [];
    return [{ address: n.address, family: n.address.includes(':') ? 6 : 4, device, mac: n.mac, source: n.source }];
  });
};

const widest = (family: 4 | 6): number => (family === 4 ? 32 : 128);

const isPlain = (route: Route): boolean =>
  route.type === 'unicast' &&
  route.table === 'main' &&
  route.nextHops.length === 1 &&
  route.nextHops[0]?.via === undefined &&
  route.nextHops[0]?.encap === undefined;

/** Names that CNI plugins give to a pod's end in the host; ifconfig tells no more. */
const POD_VETH = /^(?:veth|cali|lxc|eni[0-9a-f]{8}|gke|azv|lxd|vnet)/;

/** `cali…@if4` has its other end in another namespace; a device that is enslaved leads to no single pod. */
const isVeth = (link: Link): boolean =>
  (link.kind === undefined || link.kind === 'veth') &&
  (link.peerIndex !== undefined || (link.index === undefined && POD_VETH.test(link.name))) &&
  link.lower === undefined &&
  link.master === undefined &&
  !link.flags.includes('LOOPBACK');

const isPodBridge = (host: NetNamespace, link: Link): boolean => {
  const ports = [...host.links.values()].filter((port) => port.master === link.name);
  const bridge =
    link.kind === 'bridge' || (link.kind === undefined && (ports.length > 0 || POD_BRIDGE.test(link.name)));
  const uplinked = host.routes.some((r) => /\/0$/.test(r.prefix) && r.nextHops.some((hop) => hop.dev === link.name));
  return bridge && !uplinked && ports.every((port) => port.peerIndex !== undefined && port.lower === undefined);
};

const isOn = (link: Link, address: string): boolean =>
  link.addresses.some(
    (a) =>
      a.scope === 'global' &&
      a.address !== address &&
      a.prefixLength < widest(a.family) &&
      prefixContains(`${a.address}/${a.prefixLength}`, address),
  );

const imagine = (node: NetNode, pod: Pod, kube: readonly KubePod[]): NetNamespace => {
  const { address, family, device, source } = pod;
  const known = kube.find((k) => k.ips.includes(address) && k.hostNetwork !== true);
  const name = known ? `${known.namespace}/${known.name}` : address;
  const veth = isVeth(device);
  const gateway = device.addresses.find((a) => a.family === family && a.scope === 'global')?.address;
  const prefix = device.addresses.find((a) => a.family === family && isOn(device, address))?.prefixLength;
  const link: Link = {
    index: veth ? device.peerIndex : undefined,
    name: 'eth0',
    peerIndex: veth ? device.index : undefined,
    lower: undefined,
    peerNetns: undefined,
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: device.mtu,
    state: 'UP',
    master: undefined,
    mac: pod.mac,
    kind: 'veth',
    vxlan: undefined,
    tunnel: undefined,
    xfrmIfId: undefined,
    vlanId: undefined,
    vrfTable: undefined,
    hairpin: undefined,
    addresses: [
      {
        family,
        address,
        prefixLength: prefix ?? widest(family),
        peer: undefined,
        scope: 'global',
        secondary: false,
        deprecated: false,
        tentative: false,
        label: undefined,
        source,
      },
    ],
    stats: undefined,
    source,
  };
  const back: Route = {
    family,
    type: 'unicast',
    prefix: family === 4 ? '0.0.0.0/0' : '::/0',
    table: 'main',
    proto: undefined,
    scope: undefined,
    src: undefined,
    metric: 0,
    tos: undefined,
    mtu: undefined,
    advmss: undefined,
    nextHops: [
      { via: gateway ?? (family === 4 ? '169.254.1.1' : 'fe80::1'), dev: 'eth0', weight: 1, onlink: true, flags: [] },
    ],
    nhid: undefined,
    source,
  };
  const nothing = buildNamespace(node.name, name, []);
  return {
    ...nothing,
    captured: new Set(['ip-link', 'ip-addr', 'ip-route', 'ip-rule']),
    links: new Map([['eth0', link]]),
    routes: [back],
    imagined: true,
  };
};
