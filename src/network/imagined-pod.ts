import type { CaptureKind } from '../records/capture.ts';
import type { Link, LinkAddress } from '../records/link.ts';
import type { Neighbour, Route } from '../records/route.ts';
import type { Source } from '../records/source.ts';
import { canonicalPrefix } from '../tables/address.ts';
import { buildNamespace } from './build-namespace.ts';
import type { NetNamespace } from './namespace.ts';

/** The gateway that routed CNIs (Calico, Terway) give their pods; the host's device answers for it. */
const LINK_LOCAL_GATEWAY = { 4: '169.254.1.1', 6: 'fe80::1' } as const;
const DEFAULT = { 4: '0.0.0.0/0', 6: '::/0' } as const;
/** What of an imagined namespace the host's own captures tell. Everything else in it is unknown. */
const TOLD: readonly CaptureKind[] = ['ip-addr', 'ip-link', 'ip-route', 'ip-rule', 'ip-neigh'];

/** Where a host places a pod that no capture describes. */
export interface PlacedPod {
  readonly family: 4 | 6;
  readonly address: string;
  readonly mac: string | undefined;
  /** The host's device to it: its veth, or the bridge. */
  readonly device: Link;
  /** The host's end of its veth pair; undefined where the bridge does not tell the port. */
  readonly port: Link | undefined;
  /** The bridge's address that is the pod's gateway; undefined for a pod that the host routes to by its own device. */
  readonly gateway: LinkAddress | undefined;
  readonly source: Source;
}

/** The pod's namespace with one device and the routes that its plugin must have given it. */
export const imaginePod = (host: NetNamespace, name: string, pod: PlacedPod): NetNamespace => {
  const { family, gateway, source, port } = pod;
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
    ...pod.device,
    name: 'eth0',
    index: port?.peerIndex,
    peerIndex: port?.index,
    kind: 'veth',
    state: 'UP',
    vxlan: undefined,
    tunnel: undefined,
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
  const cabled: Neighbour | undefined = gateway ? undefined : neighbourOf(family, via, pod.device, source);
  return {
    ...buildNamespace(host.node, name, []),
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
