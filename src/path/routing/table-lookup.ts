import type { NetNamespace } from '../../network/namespace.ts';
import type { NextHop, Route } from '../../records/route.ts';
import { isLinkLocal, isLoopback, isMulticast } from '../../tables/address.ts';
import { largerOfAll } from './device-conf.ts';
import type { RouteQuestion } from './outcome.ts';
import { vrfOf } from './rule-match.ts';
import { type PrefixGroup, tosValue } from './table-index.ts';

/** A route that answers, by one of its next hops; none for blackhole and its kin. */
export interface Hit {
  readonly route: Route;
  readonly hop: NextHop | undefined;
  readonly length: number;
}

/** What a table says: routes, `throw` (ask the next rule), or nothing. */
export type TableAnswer = readonly Hit[] | 'throw' | 'nothing';

const REJECTS = new Set(['blackhole', 'unreachable', 'prohibit']);

/** fib_table_lookup and fib6_table_lookup over the groups that hold the destination, the longest prefix first. */
export const lookupIn = (ns: NetNamespace, q: RouteQuestion, groups: Iterable<PrefixGroup>): TableAnswer => {
  for (const group of groups) {
    const answer = q.family === 4 ? askGroup4(ns, q, group) : askGroup6(ns, q, group);
    if (answer !== 'nothing') return answer;
  }
  return 'nothing';
};

/** The first route of the prefix that fits the TOS and has a next hop that can be used; several next hops share the traffic. */
const askGroup4 = (ns: NetNamespace, q: RouteQuestion, { routes, length }: PrefixGroup): TableAnswer => {
  for (const route of routes) {
    const tos = tosValue(route.tos);
    if (tos !== undefined && tos !== 0 && tos !== (q.tos ?? 0)) continue;
    if (route.type === 'throw') return 'throw';
    if (REJECTS.has(route.type)) return [{ route, hop: undefined, length }];
    if (route.nextHops.length === 0 && route.nhid !== undefined) return [{ route, hop: undefined, length }];
    const hops = route.nextHops.filter((hop) => isUsable(ns, route, hop) && isOver(ns, hop, q.oif));
    // A device that was asked for takes its first next hop; only a free choice is shared out (fib_select_path).
    if (hops.length > 0) return (q.oif === undefined ? hops : hops.slice(0, 1)).map((hop) => ({ route, hop, length }));
  }
  return 'nothing';
};

const isOver = (ns: NetNamespace, hop: NextHop, oif: string | undefined): boolean =>
  oif === undefined || hop.dev === oif || vrfOf(ns, oif) === oif;

/** fib_lookup_good_nhc, and the next hops that the kernel took away when their device went down. */
const isUsable = (ns: NetNamespace, route: Route, hop: NextHop): boolean => {
  if (hop.flags.includes('dead')) return false;
  if (route.type !== 'unicast' && route.type !== 'multicast') return true;
  const link = hop.dev === undefined ? undefined : ns.links.get(hop.dev);
  if (link && link.flags.length > 0 && !link.flags.includes('UP')) return false;
  if (!hop.flags.includes('linkdown')) return true;
  return largerOfAll(ns, route.family, hop.dev ?? '', 'ignore_routes_with_linkdown').value === 0;
};

/** fib6_select_path: the smallest metric that has a usable route; within it the device that was asked for (or came in by) is preferred. */
const askGroup6 = (ns: NetNamespace, q: RouteQuestion, { routes, length }: PrefixGroup): TableAnswer => {
  const wanted = q.oif ?? (q.iif === 'lo' ? undefined : q.iif);
  const isStrict =
    wanted !== undefined &&
    (isLinkLocal(q.dst) || isMulticast(q.dst) || isLoopback(q.dst) || (q.oif !== undefined && q.src === undefined));
  let answer: readonly Hit[] = [];
  for (let i = 0; i < routes.length && answer.length === 0; ) {
    const metric = routes[i]?.metric;
    const same: Route[] = [];
    for (; routes[i]?.metric === metric && i < routes.length; i += 1) same.push(routes[i] as Route);
    const hits = same
      .filter((route) => !isNullEntry(route))
      .flatMap((route) => hits6(ns, route, length))
      .filter((hit) => !isStrict || hit.hop === undefined || isOver(ns, hit.hop, wanted));
    const best = hits.find((hit) => wanted === undefined || hit.hop?.dev === wanted) ?? hits[0];
    if (best?.route.type === 'throw') return 'throw';
    if (best) answer = siblings(best, hits);
  }
  return answer.length > 0 ? answer : 'nothing';
};

const hits6 = (ns: NetNamespace, route: Route, length: number): readonly Hit[] => {
  if (route.type === 'throw' || REJECTS.has(route.type) || route.nextHops.length === 0)
    return [{ route, hop: undefined, length }];
  return route.nextHops.filter((hop) => isUsable(ns, route, hop)).map((hop) => ({ route, hop, length }));
};

/** Routes over gateways with one prefix and metric are one multipath route, whether printed as `nexthop` or apart (rt6_qualify_for_ecmp). */
const siblings = (best: Hit, hits: readonly Hit[]): readonly Hit[] => {
  const qualifies = (hit: Hit): boolean =>
    hit.hop?.via !== undefined && hit.route.proto !== 'ra' && hit.route.type === 'unicast';
  const own = hits.filter((hit) => hit.route === best.route);
  if (own.length > 1) return own;
  return qualifies(best) ? hits.filter(qualifies) : [best];
};

/** `unreachable default dev lo metric 4294967295 error -101`: how older kernels print that there is no route. */
const isNullEntry = (route: Route): boolean => route.type === 'unreachable' && route.metric === 0xffff_ffff;
