import type { NetNamespace } from '../../network/namespace.ts';
import { UNNAMED_DEVICE } from '../../records/link.ts';
import { isInferred } from '../../records/origin.ts';
import type { Route, RouteRule } from '../../records/route.ts';
import type { Source } from '../../records/source.ts';
import { type Assumption, assumption } from '../vocabulary/assumptions.ts';
import { assumed } from './assumptions.ts';
import type { RouteAnswer, RouteQuestion } from './outcome.ts';
import { isDefaultRule } from './rules.ts';
import { tableName } from './table-index.ts';
import type { Hit } from './table-lookup.ts';

const SIMPLE = new Set([
  'unicast',
  'local',
  'broadcast',
  'multicast',
  'anycast',
  'blackhole',
  'unreachable',
  'prohibit',
]);

/** The answer that a route gives by one of its next hops. */
export const answerOf = (
  { route, hop }: Hit,
  rule: RouteRule | undefined,
  assumptions: readonly Assumption[],
): RouteAnswer => {
  const isOpen = hop === undefined && route.nhid !== undefined;
  return {
    type: isOpen ? 'unknown' : SIMPLE.has(route.type) ? (route.type as RouteAnswer['type']) : 'none',
    dev: hop?.dev,
    via: hop?.via,
    onlink: hop?.onlink ?? false,
    table: tableName(route.table),
    route,
    rule,
    prefSrc: route.src,
    mtu: route.mtu,
    proofs: [...ruleProof(rule), ...(route.source.line > 0 ? [route.source] : [])],
    assumptions: isInferred(route) ? [...assumptions, inferred(route, hop)] : assumptions,
  };
};

/** What the route is known by is not a routing table. */
const inferred = (route: Route, hop: Hit['hop']): Assumption => {
  const device = hop?.dev === undefined || hop.dev === UNNAMED_DEVICE ? '' : hop.dev;
  const { source } = route;
  return route.type === 'local'
    ? assumption('address-inferred', { address: route.prefix.split('/')[0] ?? '', device }, { source })
    : assumption('route-inferred', { prefix: route.prefix, device }, { source });
};

/** The kernel's own rules decide nothing that one would want to read. */
const ruleProof = (rule: RouteRule | undefined): readonly Source[] =>
  rule && rule.source.line > 0 && !isDefaultRule(rule) ? [rule.source] : [];

const without = (
  type: RouteAnswer['type'],
  proofs: readonly Source[],
  assumptions: readonly Assumption[],
): RouteAnswer => ({
  type,
  dev: undefined,
  via: undefined,
  onlink: false,
  table: undefined,
  route: undefined,
  rule: undefined,
  prefSrc: undefined,
  mtu: undefined,
  proofs,
  assumptions,
});

/** There is none in the dumps: their first lines are what can be quoted for it. */
export const noRoute = (ns: NetNamespace, family: 4 | 6, assumptions: readonly Assumption[]): RouteAnswer => {
  const dumps = ns.captureSources.get('ip-route') ?? [];
  const shown = dumps.filter((s) => ns.routes.some((r) => r.family === family && r.source.file === s.file));
  return without('none', shown.length > 0 ? shown : dumps, assumptions);
};

/** A rule that refuses by itself. */
export const rejected = (rule: RouteRule, assumptions: readonly Assumption[]): RouteAnswer => ({
  ...without(rule.action as 'blackhole' | 'unreachable' | 'prohibit', ruleProof(rule), assumptions),
  rule,
});

/** IPv6 multicast where the local table, which holds ff00::/8 of every device, is not dumped. */
export const multicast = (
  q: RouteQuestion,
  rule: RouteRule | undefined,
  assumptions: readonly Assumption[],
): RouteAnswer => ({
  ...without('multicast', [], assumptions),
  dev: q.oif ?? q.iif,
  rule,
});

/** A rule leads to a table that was not dumped. */
export const openTable = (
  ns: NetNamespace,
  table: string,
  rule: RouteRule | undefined,
  notes: readonly Assumption[],
  family: 4 | 6,
): RouteAnswer => ({
  ...without('unknown', ruleProof(rule), [...notes, tableUnknown(ns, family, table)]),
  table: tableName(table),
  rule,
});

export const tableUnknown = (ns: NetNamespace, family: 4 | 6, table: string): Assumption =>
  assumed(ns, 'table-unknown', 'ip-route', { family, table: tableName(table) });
export const localAssumed = (ns: NetNamespace, family: 4 | 6): Assumption =>
  assumed(ns, 'local-table-assumed', 'ip-route', { family });
export const localUnknown = (ns: NetNamespace, family: 4 | 6): Assumption =>
  assumed(ns, 'local-addresses-unknown', 'ip-addr', { family });
export const ruleUndecided = (ns: NetNamespace, rule: RouteRule, taken: boolean): Assumption => ({
  ...assumed(ns, 'rule-undecided', 'ip-rule', { priority: rule.priority, taken }),
  missing: undefined,
  source: rule.source,
});
