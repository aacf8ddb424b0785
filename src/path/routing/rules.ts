import { knows, type NetNamespace } from '../../network/namespace.ts';
import { EVERY_PACKET, type RouteRule } from '../../records/route.ts';
import type { Assumption } from '../vocabulary/assumptions.ts';
import { assumed } from './assumptions.ts';
import { tableName } from './table-index.ts';

/** The rules of one family in the order in which they are asked. */
export interface RuleList {
  readonly rules: readonly RouteRule[];
  /** More than the kernel's own three: main and local are kept apart, and source validation looks closer. */
  readonly custom: boolean;
  /** True where the kernel's own are assumed because none were captured. */
  readonly assumed: boolean;
}

const cache = new WeakMap<readonly RouteRule[], { 4?: RuleList; 6?: RuleList }>();

export const rulesOf = (ns: NetNamespace, family: 4 | 6): RuleList => {
  const known = cache.get(ns.rules) ?? {};
  cache.set(ns.rules, known);
  const made = known[family] ?? listOf(ns.rules, family);
  known[family] = made;
  return made;
};

const listOf = (all: readonly RouteRule[], family: 4 | 6): RuleList => {
  const rules = all.filter((rule) => rule.family === family).sort((a, b) => a.priority - b.priority);
  if (rules.length === 0) return { rules: DEFAULTS[family], custom: false, assumed: true };
  return { rules, custom: rules.some((rule) => !isDefaultRule(rule)), assumed: false };
};

/** Where the bundle holds no rules of the family. */
export const rulesAssumed = (ns: NetNamespace, family: 4 | 6): readonly Assumption[] =>
  rulesOf(ns, family).assumed
    ? [assumed(ns, knows(ns, 'ip-rule') ? 'rules-of-family-assumed' : 'rules-assumed', 'ip-rule', { family })]
    : [];

const DEFAULT_TABLES: ReadonlyMap<number, string> = new Map([
  [0, 'local'],
  [32766, 'main'],
  [32767, 'default'],
]);

/** A rule that every namespace has from the start (fib_default_rules_init). */
export const isDefaultRule = (rule: RouteRule): boolean =>
  rule.action === 'lookup' &&
  rule.target !== undefined &&
  DEFAULT_TABLES.get(rule.priority) === tableName(rule.target) &&
  (rule.from === undefined || rule.from === 'all') &&
  rule.to === undefined &&
  !rule.not &&
  !rule.l3mdev &&
  rule.fwmark === undefined &&
  rule.iif === undefined &&
  rule.oif === undefined &&
  rule.suppressPrefixLength === undefined;

const NOWHERE = { file: '', line: 0 };

const defaultRule = (family: 4 | 6, priority: number, target: string): RouteRule => ({
  source: NOWHERE,
  family,
  priority,
  ...EVERY_PACKET,
  target,
});

const DEFAULTS: Readonly<Record<4 | 6, readonly RouteRule[]>> = {
  4: [defaultRule(4, 0, 'local'), defaultRule(4, 32766, 'main'), defaultRule(4, 32767, 'default')],
  6: [defaultRule(6, 0, 'local'), defaultRule(6, 32766, 'main')],
};
