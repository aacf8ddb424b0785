import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { RuleTable, TableName } from '../../records/iptables.ts';
import type { Family } from '../../tables/address.ts';
import { type Assumption, type AssumptionValues, assumption } from '../vocabulary/assumptions.ts';
import { WALK_BUDGET, type Walk, walkChain } from './chain-walk.ts';
import { lacksDevices } from './listing.ts';
import { missing } from './matches/answer.ts';
import { joinOrders } from './orders.ts';
import type { HookQuestion, TableOutcome, TableQuestion } from './outcome.ts';
import { ruleChain } from './rule-chain.ts';
import { assume, type Ended, hitsOf, joinAssumptions, joinEnded, startTraversal, type Traversal } from './traversal.ts';

/** Whether any capture tells of this namespace's rules. */
export const rulesCaptured = (namespace: NetNamespace): boolean =>
  knows(namespace, 'iptables-save') || knows(namespace, 'iptables-list') || knows(namespace, 'nft-ruleset');

/** Rules of a table: what tells two captures of the same table from two tables. */
const fingerprint = (table: RuleTable): string =>
  [...table.chains.values()].map((chain) => `${chain.name} ${chain.rules.length}`).join('\n');

/**
 * The tables of one name that the kernel has: at most one of each backend. Of two captures of the same table (two snapshots, a listing beside
 * an iptables-save) the exact one is taken, then the later. A table whose backend is not known is left out where it is one of the others.
 */
export const tablesOf = (namespace: NetNamespace, family: Family, name: TableName): readonly RuleTable[] => {
  const ofName = namespace.tables.filter((table) => table.family === family && table.name === name);
  const best = (backend: RuleTable['backend']): RuleTable | undefined => {
    const own = ofName.filter((table) => table.backend === backend);
    return own.findLast((table) => table.exact) ?? own.at(-1);
  };
  const known = [best('legacy'), best('nft')].filter((table) => table !== undefined);
  const unnamed = best('unknown');
  if (!unnamed) return known;
  const exact = known.filter((table) => table.exact);
  const isRepeated = exact.some((table) => !unnamed.exact || fingerprint(table) === fingerprint(unnamed));
  return isRepeated ? known : [...exact, unnamed];
};

export const ENDS_WITH_ACCEPT: Omit<Ended, 'branch'> = {
  verdict: 'accept',
  rejectWith: undefined,
  nat: undefined,
  tproxy: undefined,
  policyOf: undefined,
};

/** Runs a branch through a built-in chain of one table, its policy included. */
const throughTable = (walk: Walk, table: RuleTable, branch: Traversal): readonly Ended[] => {
  const { hook } = walk.question;
  const chain = table.chains.get(hook);
  const ready = ruleChain(table, hook);
  if (!chain || !ready) return [{ ...ENDS_WITH_ACCEPT, branch }];
  const { through, ended } = walkChain(walk, ready, [branch]);
  const policyOf = { chain: hook, source: chain.source, packets: chain.counters?.packets };
  const verdict = chain.policy === 'DROP' ? 'drop' : 'accept';
  return [...ended, ...through.map((one): Ended => ({ ...ENDS_WITH_ACCEPT, branch: one, verdict, policyOf }))];
};

/** One stage of a sequence at a hook: takes a branch to its ends. */
export type Stage = (branch: Traversal) => readonly Ended[];

/** Runs stages one after another, as hook functions of one hook are: what one accepts, the next is asked about. */
export const inSequence = (start: Traversal, stages: readonly Stage[]): readonly Ended[] => {
  const final: Ended[] = [];
  let accepted: readonly Ended[] = [{ ...ENDS_WITH_ACCEPT, branch: start }];
  for (const stage of stages) {
    const next: Ended[] = [];
    for (const before of accepted)
      for (const one of stage(before.branch))
        if (one.verdict !== 'accept') final.push(one);
        else next.push(one.policyOf === undefined && before.policyOf ? { ...one, policyOf: before.policyOf } : one);
    accepted = joinEnded(next);
  }
  return joinEnded([...final, ...accepted]);
};

/** Outcomes as the driver reads them. What a sole outcome had to choose between on the way does not matter to it. */
export const outcomesOf = (ended: readonly Ended[]): TableOutcome[] =>
  ended
    .map((one): TableOutcome => {
      const { branch } = one;
      const open = [...branch.choices.values()].map((choice) => choice.assumption);
      return {
        verdict: one.verdict === 'accept' && branch.untracked ? 'notrack' : one.verdict,
        rejectWith: one.rejectWith,
        nat: one.nat,
        ...(one.tproxy ? { tproxy: one.tproxy } : {}),
        mark: branch.mark,
        connmark: branch.connmark,
        zone: branch.zone,
        zoneOnly: branch.zoneOnly,
        mss: branch.mss,
        ttl: branch.ttl,
        hits: hitsOf(branch),
        policyOf: one.policyOf,
        assumptions:
          ended.length === 1
            ? branch.assumed
            : joinAssumptions(joinAssumptions(branch.assumed, branch.undecided), open),
        share: branch.share,
      };
    })
    .sort((a, b) => b.share - a.share);

const lacking = <Code extends 'rules-not-captured' | 'rules-from-listing'>(
  question: HookQuestion,
  code: Code,
  values: AssumptionValues<Code>,
): Assumption => assumption(code, values, { missing: missing('iptables-save', question.namespace) });

/**
 * What the iptables table of one name, in every backend that has it, does to a packet at one hook (ipt_do_table() and iptables-nft's base chain):
 * one outcome, or several where a match is random or cannot be decided. A drop in one backend ends it; in nat the first to translate does. A table
 * that is not there accepts; where no rules were captured at all, that is an assumption.
 */
export const runTable = (question: TableQuestion): TableOutcome[] => {
  const { namespace, packet, table: name, backends } = question;
  const start = startTraversal(packet.mark);
  if (!rulesCaptured(namespace)) {
    const assumption = lacking(question, 'rules-not-captured', { table: name, hook: question.hook });
    return outcomesOf([{ ...ENDS_WITH_ACCEPT, branch: assume(start, assumption) }]);
  }
  let budget = WALK_BUDGET;
  const stages = tablesOf(namespace, packet.family, name)
    .filter((table) => backends?.includes(table.backend) ?? true)
    .map(
      (table): Stage =>
        (branch) => {
          const walk: Walk = { question, chain: (chain) => ruleChain(table, chain), budget, idle: new Set() };
          const ended = throughTable(
            walk,
            table,
            lacksDevices(table) ? assume(branch, lacking(question, 'rules-from-listing', { table: name })) : branch,
          );
          budget = walk.budget;
          return ended;
        },
    );
  const forwards = outcomesOf(inSequence(start, stages));
  if (stages.length < 2) return forwards;
  const backwards = outcomesOf(inSequence(start, stages.toReversed()));
  return [...joinOrders(forwards, backwards, question)];
};
