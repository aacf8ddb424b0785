import type { KubePod } from '../records/kube.ts';
import type { Link } from '../records/link.ts';
import type { Neighbour, Route } from '../records/route.ts';
import { canonicalAddress, prefixContains, prefixLength } from '../tables/address.ts';
import { imaginePod, type PlacedPod } from './imagined-pod.ts';
import type { NetNamespace } from './namespace.ts';
import type { NetNode } from './network.ts';

/** Devices that only lead to pods, by the names that CNI plugins give them; without `-d` nothing else tells a bridge. */
const POD_BRIDGE = /^(?:cni|cbr|kube-bridge|docker|br-|nerdctl|podman|weave|antrea-gw|ovn-k8s-mp)/;
/** Names that CNI plugins give to a pod's end in the host; ifconfig tells no more. */
const POD_VETH = /^(?:veth|cali|lxc|eni[0-9a-f]{8}|gke|azv|lxd|vnet)/;
/** More pods than a node runs are no pods but an address list of something else. */
const MOST = 1024;

/**
 * Most collectors look at the host's own namespace only. A pod is then what the host knows of it: a host route to a veth, or a neighbour on a bridge that has no
 * port to the outside. Its device and routes follow from the host's side; its sockets and rules are unknown. A node of which one pod was captured was looked at
 * closely: an address without a namespace there is nobody's. `taken` are the addresses that the bundle's devices hold.
 */
export const withImaginedPods = (node: NetNode, taken: ReadonlySet<string>, kube: readonly KubePod[]): NetNode => {
  if (node.namespaces.length > 1) return node;
  const pods = new Map<string, PlacedPod>();
  for (const pod of [...behindRoutes(node.host), ...behindBridges(node.host)])
    if (!taken.has(pod.address) && !pods.has(pod.address) && pods.size < MOST) pods.set(pod.address, pod);
  if (pods.size === 0) return node;
  const imagined = [...pods.values()].map((pod) => {
    const known = kube.find((k) => k.ips.includes(pod.address) && k.hostNetwork !== true);
    return imaginePod(node.host, known ? `${known.namespace}/${known.name}` : pod.address, pod);
  });
  return { ...node, namespaces: [node.host, ...imagined] };
};

/** Calico, Cilium, Terway, GKE: one route for each pod, to its veth. */
const behindRoutes = (host: NetNamespace): readonly PlacedPod[] =>
  host.routes.flatMap((route): PlacedPod[] => {
    const [hop] = route.nextHops;
    const device = hop?.dev === undefined ? undefined : host.links.get(hop.dev);
    if (!device || !isPlain(route) || prefixLength(route.prefix) !== widest(route.family) || !isVeth(device)) return [];
    if (isUplink(host, device.name) || isOnNetwork(device)) return [];
    const address = canonicalAddress(route.prefix.slice(0, route.prefix.indexOf('/')));
    const neighbour = host.neighbours.find((n) => n.dev === device.name && n.address === address && !n.proxy);
    if (address === undefined || (neighbour && isDead(neighbour))) return [];
    const { family, source } = route;
    return [{ address, family, device, port: device, mac: neighbour?.mac, gateway: undefined, source }];
  });

/** flannel, kube-router, docker: pods on a bridge, known by the neighbour entries of those that spoke lately; the port by the MAC that the bridge learnt there. */
const behindBridges = (host: NetNamespace): readonly PlacedPod[] => {
  const bridges = new Map(
    [...host.links.values()].filter((link) => isPodBridge(host, link)).map((link) => [link.name, link] as const),
  );
  if (bridges.size === 0) return [];
  return host.neighbours.flatMap((n): PlacedPod[] => {
    const device = bridges.get(n.dev);
    const gateway = device && gatewayOf(device, n);
    if (!device || !gateway || n.mac === undefined || n.proxy || isDead(n)) return [];
    const learnt = host.fdb.find(
      (f) => f.mac === n.mac && !f.flags.includes('permanent') && isPort(host, f.dev, device),
    );
    const port = learnt && host.links.get(learnt.dev);
    return [{ address: n.address, family: gateway.family, device, port, mac: n.mac, gateway, source: n.source }];
  });
};

const widest = (family: 4 | 6): number => (family === 4 ? 32 : 128);

const isDead = (n: Neighbour): boolean => n.states.includes('FAILED') || n.states.includes('INCOMPLETE');

const isPlain = (route: Route): boolean =>
  route.type === 'unicast' &&
  route.table === 'main' &&
  route.nextHops.length === 1 &&
  route.nextHops[0]?.via === undefined &&
  route.nextHops[0]?.encap === undefined;

/** `cali…@if4` has its other end in another namespace; a device that is enslaved leads to no single pod. */
const isVeth = (link: Link): boolean =>
  (link.kind === undefined || link.kind === 'veth') &&
  (link.peerIndex !== undefined || (link.index === undefined && POD_VETH.test(link.name))) &&
  link.lower === undefined &&
  link.master === undefined &&
  !link.flags.includes('LOOPBACK');

const isUplink = (host: NetNamespace, device: string): boolean =>
  host.routes.some((r) => /\/0$/.test(r.prefix) && r.nextHops.some((hop) => hop.dev === device));

/** A device with an address out of a network has more than one pod behind it: what is routed to it alone lives somewhere on that network. */
const isOnNetwork = (device: Link): boolean =>
  device.addresses.some((a) => a.scope === 'global' && a.prefixLength < widest(a.family) && a.peer === undefined);

const isPort = (host: NetNamespace, device: string, bridge: Link): boolean =>
  host.links.get(device)?.master === bridge.name && host.links.get(device)?.peerIndex !== undefined;

const isPodBridge = (host: NetNamespace, link: Link): boolean => {
  const ports = [...host.links.values()].filter((port) => port.master === link.name);
  const bridge =
    link.kind === 'bridge' || (link.kind === undefined && (ports.length > 0 || POD_BRIDGE.test(link.name)));
  const inward = ports.every((port) => port.peerIndex !== undefined && port.lower === undefined);
  return bridge && inward && !isUplink(host, link.name);
};

const gatewayOf = (bridge: Link, n: Neighbour) =>
  bridge.addresses.find(
    (a) =>
      a.scope === 'global' &&
      a.address !== n.address &&
      a.prefixLength < widest(a.family) &&
      prefixContains(`${a.address}/${a.prefixLength}`, n.address),
  );
