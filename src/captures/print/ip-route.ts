import type { NextHop, Route } from '../../records/route.ts';
import { canonicalPrefix } from '../../tables/address.ts';

/** The order in which iproute2 prints a route's words (ip/iproute.c, print_route); words that are not named stand last. */
const ORDER = (
  'from nhid as encap tos via dev table proto scope src metric preference dead onlink pervasive offload trap notify linkdown unresolved rt_offload rt_trap ' +
  'rt_offload_failed rt_notify mark uid realm realms expires users used age error mtu window rtt rttvar ssthresh cwnd advmss reordering hoplimit initcwnd ' +
  'features rto_min initrwnd quickack congctl fastopen_no_cookie iif pref ttl-propagate'
).split(' ');
const RANK = new Map(ORDER.map((name, i) => [name, i]));
const rank = (word: string): number => RANK.get(word.split(' ', 1)[0] ?? '') ?? ORDER.length;

const isHostLength = (prefix: string): boolean => prefix.endsWith(prefix.includes(':') ? '/128' : '/32');

/** iproute2 leaves out the length of a single address and writes `default` for all addresses. */
const destination = (prefix: string): string =>
  prefix.endsWith('/0') ? 'default' : isHostLength(prefix) ? prefix.slice(0, prefix.lastIndexOf('/')) : prefix;

const gateway = (via: string, family: 4 | 6): string =>
  via.includes(':') === (family === 6) ? `via ${via}` : `via inet${via.includes(':') ? '6' : ''} ${via}`;

const hopWords = (hop: NextHop, family: 4 | 6): string[] => [
  ...(hop.encap === undefined ? [] : [`encap ${hop.encap}`]),
  ...(hop.via === undefined ? [] : [gateway(hop.via, family)]),
  ...(hop.dev === undefined ? [] : [`dev ${hop.dev}`]),
];
const hopFlags = (hop: NextHop): string[] =>
  [...hop.flags, ...(hop.onlink ? ['onlink'] : [])].sort((a, b) => rank(a) - rank(b));

const present = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [`${name} ${value}`];

/**
 * A route as `ip route show table TABLE` prints it: `shown` is that table, whose name the tool leaves out (`main` for the plain command).
 * Words are separated by one blank; an IPv6 route's metric is always printed, as the kernel always has one.
 */
export const printRoute = (route: Route, shown = 'main'): string => {
  const single = route.nextHops.length === 1 ? route.nextHops : [];
  const words = [
    ...present('from', route.from === undefined ? undefined : destination(canonicalPrefix(route.from) ?? route.from)),
    ...present('nhid', route.nhid),
    ...present('tos', route.tos),
    ...single.flatMap((hop) => hopWords(hop, route.family)),
    ...present('table', route.table === shown ? undefined : route.table),
    ...present('proto', route.proto),
    ...present('scope', route.scope),
    ...present('src', route.src),
    ...(route.metric === 0 && !printsZeroMetric(route) ? [] : [`metric ${route.metric}`]),
    ...single.flatMap(hopFlags),
    ...present('mtu', route.mtu === undefined ? undefined : `${route.mtuLocked ? 'lock ' : ''}${route.mtu}`),
    ...present('advmss', route.advmss),
    ...(route.extra ?? []),
  ];
  const inOrder = words
    .map((word, i) => ({ word, i }))
    .sort((a, b) => rank(a.word) - rank(b.word) || a.i - b.i)
    .map(({ word }) => word);
  const head = [...(route.type === 'unicast' ? [] : [route.type]), destination(route.prefix), ...inOrder].join(' ');
  const hops = route.nextHops.length > 1 ? route.nextHops.map((hop) => multipath(hop, route.family)) : [];
  const cache = route.cached === undefined ? [] : [`cache ${route.cached}`.trim()];
  return [head, ...hops, ...cache].join('\n');
};

/** Of several next hops each has its line, with its weight. */
const multipath = (hop: NextHop, family: 4 | 6): string =>
  ['nexthop', ...hopWords(hop, family), `weight ${hop.weight}`, ...hopFlags(hop)].join(' ');

const printsZeroMetric = (route: Route): boolean =>
  route.family === 6 && (route.proto !== undefined || route.cached !== undefined);

/** Routes as `ip route` prints them, a line each. */
export const printRoutes = (routes: readonly Route[], shown = 'main'): string =>
  routes.map((route) => `${printRoute(route, shown)}\n`).join('');
