import { buildNamespace } from '../../src/network/build-namespace.ts';
import type { NetNamespace } from '../../src/network/namespace.ts';
import type { Capture, CaptureData, CaptureKind } from '../../src/records/capture.ts';
import type { Sysctl } from '../../src/records/counter.ts';
import type { Link, LinkAddress } from '../../src/records/link.ts';
import { EVERY_PACKET, type NextHop, type Route, type RouteRule } from '../../src/records/route.ts';
import { addressFamily, canonicalPrefix, prefixFamily } from '../../src/tables/address.ts';

let line = 0;
/** A place of its own for every record. */
export const at = (file = 'hand-made') => {
  line += 1;
  return { file, line };
};

/** A capture that was read without trouble. */
export const capture = (kind: CaptureKind, data: CaptureData, over: Partial<Capture> = {}): Capture => ({
  kind,
  file: `${kind}.txt`,
  lines: 1,
  unreadAt: { ranges: [], rest: Number.POSITIVE_INFINITY },
  records: 1,
  ignored: 0,
  unread: 0,
  unreadLines: [],
  toolMessages: [],
  partial: false,
  data,
  ...over,
});

/** `10.0.0.1/24`, with what is unusual about it. */
export const address = (text: string, over: Partial<LinkAddress> = {}): LinkAddress => {
  const [host = '', length = ''] = text.split('/');
  return {
    source: at('ip_addr'),
    family: addressFamily(host) ?? 4,
    address: host,
    prefixLength: Number(length),
    peer: undefined,
    scope: host.startsWith('127.') || host === '::1' ? 'host' : host.startsWith('fe80:') ? 'link' : 'global',
    secondary: false,
    deprecated: false,
    tentative: false,
    label: undefined,
    ...over,
  };
};

export const link = (
  name: string,
  addresses: readonly (string | LinkAddress)[] = [],
  over: Partial<Link> = {},
): Link => ({
  source: at('ip_addr'),
  index: undefined,
  name,
  peerIndex: undefined,
  lower: undefined,
  peerNetns: undefined,
  flags: name === 'lo' ? ['LOOPBACK', 'UP', 'LOWER_UP'] : ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
  mtu: 1500,
  state: 'UP',
  master: undefined,
  mac: undefined,
  kind: undefined,
  vxlan: undefined,
  tunnel: undefined,
  xfrmIfId: undefined,
  vlanId: undefined,
  vrfTable: undefined,
  hairpin: undefined,
  addresses: addresses.map((a) => (typeof a === 'string' ? address(a) : a)),
  stats: undefined,
  ...over,
});

export const hop = (dev: string | undefined, via?: string, over: Partial<NextHop> = {}): NextHop => ({
  via,
  dev,
  weight: 1,
  onlink: false,
  flags: [],
  ...over,
});

export const route = (prefix: string, hops: NextHop | readonly NextHop[], over: Partial<Route> = {}): Route => {
  const family = over.family ?? prefixFamily(prefix) ?? 4;
  return {
    source: at('ip_route'),
    family,
    type: 'unicast',
    prefix: canonicalPrefix(prefix) ?? prefix,
    table: 'main',
    proto: undefined,
    scope: undefined,
    src: undefined,
    metric: family === 4 ? 0 : 1024,
    tos: undefined,
    mtu: undefined,
    advmss: undefined,
    nextHops: Array.isArray(hops) ? hops : [hops as NextHop],
    nhid: undefined,
    ...over,
  };
};

export const local = (host: string, dev: string): Route =>
  route(host, hop(dev), {
    type: 'local',
    table: 'local',
    proto: 'kernel',
    scope: 'host',
    src: host.split('/')[0],
    metric: 0,
  });

export const rule = (priority: number, target: string, over: Partial<RouteRule> = {}): RouteRule => ({
  source: at('ip_rule'),
  family: 4,
  priority,
  ...EVERY_PACKET,
  target,
  ...over,
});

export const sysctls = (values: Readonly<Record<string, string | number>>): Sysctl[] =>
  Object.entries(values).map(([name, value]) => ({ source: at('sysctl'), name, value: String(value) }));

/** A namespace of these captures, as the builder makes it. */
export const namespace = (
  data: CaptureData & { readonly values?: Readonly<Record<string, string | number>> },
  id = 'node',
): NetNamespace => {
  const [node = '', name = ''] = id.split('/');
  const { links, routes, rules, neighbours, fdb, values, ...rest } = data;
  return buildNamespace(node, name, [
    ...(links ? [capture('ip-addr', { links })] : []),
    ...(routes ? [capture('ip-route', { routes })] : []),
    ...(rules ? [capture('ip-rule', { rules })] : []),
    ...(neighbours ? [capture('ip-neigh', { neighbours })] : []),
    ...(fdb ? [capture('bridge-fdb', { fdb })] : []),
    ...(values ? [capture('sysctl', { sysctls: sysctls(values) })] : []),
    capture('iptables-save', rest),
  ]);
};
