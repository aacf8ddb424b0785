import type { CaptureKind } from '../records/capture.ts';
import type { Link, LinkAddress } from '../records/link.ts';
import type { Neighbour, Route } from '../records/route.ts';
import type { Source } from '../records/source.ts';
import { canonicalPrefix, prefixContains, prefixLength } from '../tables/address.ts';
import { endKey, vethPairs } from './build-veth.ts';
import type { NetNamespace } from './namespace.ts';

/** The gateway that routed CNIs (Calico, Terway) give their pods; the host's device answers for it. */
const LINK_LOCAL_GATEWAY = { 4: '169.254.1.1', 6: 'fe80::1' } as const;
const DEFAULT = { 4: '0.0.0.0/0', 6: '::/0' } as const;
/** What of an imagined namespace the host's own captures tell. Everything else in it is unknown. */
const TOLD: readonly CaptureKind[] = ['ip-addr', 'ip-link', 'ip-route', 'ip-neigh'];

/**
 * The pods of a node that no capture describes and that the host's own tables place behind one of its veth devices: by a host route to the pod's
 * address, or by the MAC that the bridge learnt at the device and the neighbour table knows. Their devices and routes follow from the host's
 * side; their sockets and rules are unknown.
 */
export const imaginedNamespaces = (namespaces: readonly NetNamespace[]): readonly NetNamespace[] => {
  const [host] = namespaces;
  if (!host) return [];
  const placed = [...host.links.values()].flatMap((link) => {
    if (link.kind !== 'veth' || link.peerIndex === undefined || !link.flags.includes('UP')) return [];
    const pod = podBehind(host, link);
    return pod ? [{ link, pod }] : [];
  });
  if (placed.length === 0) return [];
  const held = new Set(namespaces.flatMap((ns) => [...ns.links.values()].flatMap((l) => l.addresses.map(addressOf))));
  const pairs = vethPairs(namespaces);
  return placed
    .filter(({ link, pod }) => !pairs.has(endKey({ namespace: host.id, device: link.name })) && !held.has(pod.address))
    .map(({ link, pod }) => imagine(host, link, pod));
};

const addressOf = (a: LinkAddress): string => a.address;

interface PlacedPod {
  readonly family: 4 | 6;
  readonly address: string;
  readonly mac: string | undefined;
  /** The bridge's address that is the pod's gateway; undefined for a pod that the host routes to by its own device. */
  readonly gateway: LinkAddress | undefined;
  readonly source: Source;
}

const podBehind = (host: NetNamespace, link: Link): PlacedPod | undefined =>
  link.master === undefined ? routedPod(host, link) : bridgedPod(host, link, link.master);

const DEAD: ReadonlySet<string> = new Set(['FAILED', 'INCOMPLETE']);
const isDead = (n: Neighbour): boolean => n.states.some((state) => DEAD.has(state));

const routedPod = (host: NetNamespace, link: Link): PlacedPod | undefined => {
  const route = host.routes.find(
    (r) =>
      r.type === 'unicast' &&
      r.table === 'main' &&
      prefixLength(r.prefix) === (r.family === 4 ? 32 : 128) &&
      r.nextHops.length === 1 &&
      r.nextHops[0]?.dev === link.name &&
      r.nextHops[0].via === undefined,
  );
  if (!route) return undefined;
  const address = route.prefix.slice(0, route.prefix.indexOf('/'));
  const neighbour = host.neighbours.find((n) => n.dev === link.name && n.address === address && !n.proxy);
  if (neighbour && isDead(neighbour)) return undefined;
  return { family: route.family, address, mac: neighbour?.mac, gateway: undefined, source: route.source };
};

const bridgedPod = (host: NetNamespace, link: Link, master: string): PlacedPod | undefined => {
  const bridge = host.links.get(master);
  const learnt = host.fdb.filter((f) => f.dev === link.name && !f.flags.includes('permanent')).map((f) => f.mac);
  const neighbour = host.neighbours.find(
    (n) => n.dev === master && n.mac !== undefined && learnt.includes(n.mac) && !isDead(n),
  );
  const gateway =
    neighbour &&
    bridge?.addresses.find(
      (a) => a.family === neighbour.family && prefixContains(`${a.address}/${a.prefixLength}`, neighbour.address),
    );
  return neighbour && gateway
    ? { family: gateway.family, address: neighbour.address, mac: neighbour.mac, gateway, source: neighbour.source }
    : undefined;
};

const imagine = (host: NetNamespace, link: Link, pod: PlacedPod): NetNamespace => {
  const { family, gateway, source } = pod;
  const via = gateway?.address ?? LINK_LOCAL_GATEWAY[family];
  const whole = family === 4 ? 32 : 128;
  const route = (prefix: string, hop: string | undefined): Route => ({
    family,
    type: 'unicast',
    prefix,
    table: 'main',
    proto: undefined,
    scope: hop === undefined ? 'link' : undefined,
    src: undefined,
    metric: 0,
    tos: undefined,
    mtu: undefined,
    advmss: undefined,
    nextHops: [{ via: hop, dev: 'eth0', weight: 1, onlink: false, flags: [] }],
    nhid: undefined,
    source,
  });
  const local: Route = { ...route(`${pod.address}/${whole}`, undefined), type: 'local', table: 'local', scope: 'host' };
  const onLink = canonicalPrefix(gateway ? `${pod.address}/${gateway.prefixLength}` : via) ?? `${via}/${whole}`;
  const device: Link = {
    ...link,
    name: 'eth0',
    index: link.peerIndex,
    peerIndex: link.index,
    peerNetns: undefined,
    lower: undefined,
    master: undefined,
    mac: pod.mac,
    hairpin: undefined,
    addresses: [
      {
        family,
        address: pod.address,
        prefixLength: gateway?.prefixLength ?? whole,
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
  };
  const cabled: Neighbour | undefined = gateway ? undefined : neighbourOf(family, via, link, source);
  return {
    ...NOTHING,
    id: `${host.node}/${pod.address}`,
    node: host.node,
    name: pod.address,
    captured: new Set(TOLD),
    captureSources: new Map(TOLD.map((kind) => [kind, [source]])),
    links: new Map([['eth0', device]]),
    routes: [local, route(onLink, undefined), route(DEFAULT[family], via)],
    neighbours: cabled ? [cabled] : [],
    imagined: true,
  };
};

const neighbourOf = (family: 4 | 6, address: string, link: Link, source: Source): Neighbour => ({
  family,
  address,
  dev: 'eth0',
  mac: link.mac,
  states: ['PERMANENT'],
  proxy: false,
  router: false,
  source,
});

const NOTHING: Omit<
  NetNamespace,
  'id' | 'node' | 'name' | 'captured' | 'captureSources' | 'links' | 'routes' | 'neighbours' | 'imagined'
> = {
  rules: [],
  fdb: [],
  tables: [],
  nftTables: [],
  sets: new Map(),
  services: [],
  ipvsConnections: [],
  ipvsTimeouts: undefined,
  conntrack: [],
  conntrackStats: [],
  states: [],
  policies: [],
  xfrmDefaults: undefined,
  sockets: [],
  sysctls: new Map(),
  counters: new Map(),
  messages: [],
  packets: [],
};
