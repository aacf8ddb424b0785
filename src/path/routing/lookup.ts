import type { NetNamespace } from '../../network/namespace.ts';
import type { RouteRule } from '../../records/route.ts';
import { isMulticast } from '../../tables/address.ts';
import type { Assumption } from '../vocabulary/assumptions.ts';
import { knownTable } from './known-tables.ts';
import type { RouteAnswer, RouteQuestion } from './outcome.ts';
import {
  answerOf,
  localAssumed,
  localUnknown,
  multicast,
  noRoute,
  openTable,
  rejected,
  ruleUndecided,
  tableUnknown,
} from './route-answer.ts';
import { ruleMatches, vrfOf } from './rule-match.ts';
import { rulesAssumed, rulesOf } from './rules.ts';
import { inferredTables, matching, matchingMerged, tableName } from './table-index.ts';
import { type Hit, lookupIn, type TableAnswer } from './table-lookup.ts';

interface Asking {
  readonly ns: NetNamespace;
  readonly q: RouteQuestion;
  readonly rules: readonly RouteRule[];
}

/**
 * fib_lookup: the rules in order, each with its table, the longest prefix in it. One answer where all is known and there is one next hop;
 * one per next hop of a multipath route; both ways where a rule cannot be decided; type `unknown` for a table that was not dumped.
 */
export const lookupRoute = (ns: NetNamespace, q: RouteQuestion): readonly RouteAnswer[] => {
  const { rules, custom } = rulesOf(ns, q.family);
  const asking: Asking = { ns, q, rules };
  const assumptions = rulesAssumed(ns, q.family);
  if (q.family === 4 && !custom) return distinct(askMerged(asking, assumptions));
  return distinct(askRules(asking, 0, assumptions, 0));
};

/**
 * Until a rule is added, IPv4 keeps main and local in one trie (fib_trie_table, fib_unmerge): a longer prefix of main wins over a
 * shorter one of local, which it would not by rules of their own.
 */
const askMerged = (asking: Asking, before: readonly Assumption[]): readonly RouteAnswer[] => {
  const { ns, q } = asking;
  const local = knownTable(ns, 4, 'local');
  const main = knownTable(ns, 4, 'main');
  const notes = [
    ...before,
    ...(local.known && local.assumedLocal ? [localAssumed(ns, 4)] : []),
    ...(local.known ? [] : [localUnknown(ns, 4)]),
  ];
  const indices = [
    ...(local.known ? [local.index] : local.told ? [local.told] : []),
    ...(main.known ? [main.index] : []),
  ];
  const found = lookupIn(ns, q, matchingMerged(indices, q.dst));
  if (!main.known) {
    const isOwn = Array.isArray(found) && found.some((hit: Hit) => hit.route.type !== 'unicast');
    if (!isOwn)
      return inferredAnswers(asking, 'main', undefined, notes) ?? [openTable(ns, 'main', undefined, notes, 4)];
  }
  if (Array.isArray(found)) return found.map((hit: Hit) => answerOf(hit, ruleFor(asking.rules, hit), notes));
  return askTable(asking, 'default', undefined, notes).answers ?? [noRoute(ns, q.family, notes)];
};

const ruleFor = (rules: readonly RouteRule[], hit: Hit): RouteRule | undefined =>
  rules.find(
    (rule) =>
      rule.target !== undefined && tableName(rule.target) === tableName(hit.route.table) && rule.source.line > 0,
  );

/** Undecided rules beyond this many are taken not to apply: each doubles the answers. */
const MAX_UNDECIDED = 4;

const askRules = (
  asking: Asking,
  start: number,
  before: readonly Assumption[],
  undecided: number,
): readonly RouteAnswer[] => {
  const { ns, q, rules } = asking;
  let assumptions = before;
  for (let i = start; i < rules.length; ) {
    const rule = rules[i] as RouteRule;
    const matches = ruleMatches(ns, rule, q);
    if (matches === false || (matches === undefined && undecided >= MAX_UNDECIDED)) {
      i += 1;
      continue;
    }
    if (matches === undefined) {
      const either = (taken: boolean): readonly Assumption[] => [...assumptions, ruleUndecided(ns, rule, taken)];
      const { answers, next, notes } = applyRule(asking, i, either(true));
      const otherwise = askRules(asking, i + 1, either(false), undecided + 1);
      return [...(answers ?? askRules(asking, next, notes, undecided + 1)), ...otherwise];
    }
    const { answers, next, notes, open } = applyRule(asking, i, assumptions);
    if (answers) return open ? [...answers, ...askRules(asking, next, notes, undecided + 1)] : answers;
    assumptions = notes;
    i = next;
  }
  return [noRoute(ns, q.family, assumptions)];
};

/** What a rule that applies comes to: answers, or the position to go on from. `open`: the answers are only one of the possibilities. */
interface Applied {
  readonly answers: readonly RouteAnswer[] | undefined;
  readonly next: number;
  readonly notes: readonly Assumption[];
  readonly open: boolean;
}

const applyRule = (asking: Asking, at: number, notes: readonly Assumption[]): Applied => {
  const { ns, q, rules } = asking;
  const rule = rules[at] as RouteRule;
  const goOn: Applied = { answers: undefined, next: at + 1, notes, open: false };
  switch (rule.action) {
    case 'blackhole':
    case 'unreachable':
    case 'prohibit':
      return { ...goOn, answers: [rejected(rule, notes)] };
    case 'goto': {
      const target = rules.findIndex((other) => String(other.priority) === rule.target);
      return target > at ? { ...goOn, next: target } : goOn;
    }
    case 'lookup': {
      const table = rule.l3mdev ? vrfTable(ns, q) : rule.target;
      return table === undefined ? goOn : { ...goOn, ...askTable(asking, table, rule, notes) };
    }
    default:
      return goOn;
  }
};

const askTable = (
  asking: Asking,
  table: string,
  rule: RouteRule | undefined,
  before: readonly Assumption[],
): Omit<Applied, 'next'> => {
  const { ns, q } = asking;
  const known = knownTable(ns, q.family, table);
  if (!known.known) {
    // Without the local table the address may still be the host's own; that is noted, and the other tables are asked.
    if (tableName(table) === 'local') {
      const notes = [...before, localUnknown(ns, q.family)];
      const found = known.told ? lookupIn(ns, q, matching(known.told, q.dst)) : 'nothing';
      if (!Array.isArray(found)) return { answers: undefined, notes, open: false };
      return { answers: found.map((hit: Hit) => answerOf(hit, rule, notes)), notes, open: false };
    }
    const inferred = inferredAnswers(asking, table, rule, before);
    if (inferred) return { answers: inferred, notes: [...before, tableUnknown(ns, q.family, table)], open: false };
    const unknown = openTable(ns, table, rule, before, q.family);
    return { answers: [unknown], notes: [...before, tableUnknown(ns, q.family, table)], open: true };
  }
  const notes = known.assumedLocal ? [...before, localAssumed(ns, q.family)] : before;
  if (known.assumedLocal && q.family === 6 && isMulticast(q.dst))
    return { answers: [multicast(q, rule, notes)], notes, open: false };
  const found = lookupIn(ns, q, matching(known.index, q.dst));
  const kept = suppressed(rule, found);
  if (!Array.isArray(kept)) return { answers: undefined, notes, open: false };
  const answers = kept.map((hit: Hit) => answerOf(hit, rule, notes));
  return { answers, notes, open: rule?.suppressIfGroup !== undefined };
};

/** What other captures tell of a table that was not dumped: the way that packets to this address were seen to take. Undefined where they tell nothing. */
const inferredAnswers = (
  { ns, q }: Asking,
  table: string,
  rule: RouteRule | undefined,
  before: readonly Assumption[],
): readonly RouteAnswer[] | undefined => {
  const index = inferredTables(ns.routes, q.family).get(tableName(table));
  const found = index === undefined ? 'nothing' : lookupIn(ns, q, matching(index, q.dst));
  if (!Array.isArray(found)) return undefined;
  return found.map((hit: Hit) => answerOf(hit, rule, [...before, tableUnknown(ns, q.family, table)]));
};

/** `suppress_prefixlength N`: an answer whose prefix is no longer than N is as good as none; errors stand. */
const suppressed = (rule: RouteRule | undefined, found: TableAnswer): TableAnswer => {
  const limit = rule?.suppressPrefixLength;
  if (limit === undefined || !Array.isArray(found)) return found;
  const [first] = found as readonly Hit[];
  return first && first.hop !== undefined && first.length <= limit ? 'nothing' : found;
};

const vrfTable = (ns: NetNamespace, q: RouteQuestion): string | undefined => {
  const vrf = vrfOf(ns, q.oif) ?? vrfOf(ns, q.iif);
  const table = vrf === undefined ? undefined : ns.links.get(vrf)?.vrfTable;
  return table === undefined ? undefined : String(table);
};

/**
 * Both ways of an undecided rule often end at the same route: that is one answer. That there is no route is not said where a table that was
 * not dumped may hold one.
 */
const distinct = (answers: readonly RouteAnswer[]): readonly RouteAnswer[] => {
  const isOpen = answers.some((a) => a.type === 'unknown');
  const kept: RouteAnswer[] = [];
  for (const a of answers) {
    if (isOpen && a.type === 'none') continue;
    if (!kept.some((b) => sameAnswer(a, b))) kept.push(a);
  }
  return kept;
};

const sameAnswer = (a: RouteAnswer, b: RouteAnswer): boolean =>
  a.type === b.type && a.route === b.route && a.dev === b.dev && a.via === b.via && a.table === b.table;
