import { type Assumption, assumption, type TakenCode } from '../vocabulary/assumptions.ts';
import type { Answer, Matcher } from './matches/answer.ts';
import type { HookQuestion, RuleHit } from './outcome.ts';
import type { Effect } from './targets/effect.ts';
import { assume, type Choice, type Ended, joinAll, type Traversal, traversalKey, withHit } from './traversal.ts';

/** A test of a rule. `key` names the question without its inversion: two rules that ask the same get the same answer. */
interface TestStatement {
  readonly kind: 'test';
  readonly matcher: Matcher;
  readonly name: string;
  readonly key: () => string;
  readonly invert: boolean;
}
interface ActStatement {
  readonly kind: 'act';
  readonly effect: Effect;
}
/** One of several effects: of a verdict map, or of a value taken from a map. None of them fitting ends the rule. */
interface PickStatement {
  readonly kind: 'pick';
  readonly pick: (question: HookQuestion, branch: Traversal) => readonly Pick[];
}
export interface Pick {
  /** Undefined for no element. */
  readonly effect: Effect | undefined;
  readonly answer: Answer;
  readonly key: string;
}
export type Statement = TestStatement | ActStatement | PickStatement;

/** A rule made ready; its statements run in order until a test fails or a verdict is given. */
export interface WalkRule {
  readonly hit: RuleHit;
  readonly statements: readonly Statement[];
}

/** A chain made ready. */
export interface WalkChain {
  /** The rules that this packet can match, in order. */
  rules(question: HookQuestion): Iterable<WalkRule>;
  readonly empty: boolean;
}

/** One traversal: what is asked, and how much work is left. */
export interface Walk {
  readonly question: HookQuestion;
  chain(name: string): WalkChain | undefined;
  /** Rules that may still be looked at. */
  budget: number;
  /** Calls that are known to come back unchanged: chains that nothing matches in are called again and again. */
  readonly idle: Set<string>;
}

/** Branches that went through a chain to its end (or returned from it), and those that a verdict ended. */
interface ChainResult {
  readonly through: readonly Traversal[];
  readonly ended: readonly Ended[];
}

/** Open branches at one rule. */
const OPEN_BRANCHES = 64;
/** The kernel allows 16 nested nftables jumps; legacy tables more, but nobody writes them. */
const DEPTH = 200;
export const WALK_BUDGET = 500_000;

/** What one rule did to the branches that came to it. */
interface RuleResult {
  readonly stay: Traversal[];
  readonly left: Traversal[];
  readonly ended: Ended[];
}

const note = (code: TakenCode, { chain, position, source }: RuleHit): Assumption =>
  assumption(code, { chain, position }, { source });

const CUT: Assumption = { code: 'branches-cut', values: {}, missing: undefined, source: undefined };

/** Runs the branches through one chain (ipt_do_table(), nft_do_chain()). */
export const walkChain = (walk: Walk, chain: WalkChain, branches: readonly Traversal[], depth = 0): ChainResult => {
  let live = [...branches];
  const left: Traversal[] = [];
  const ended: Ended[] = [];
  for (const rule of chain.rules(walk.question)) {
    if (live.length === 0) break;
    walk.budget -= live.length;
    if (walk.budget < 0) return { through: [...left, ...live].map((b) => assume(b, CUT)), ended };
    const [only] = live;
    if (live.length === 1 && only) {
      const at = firstFork(walk, rule, only);
      if (at < 0) continue;
      const result: RuleResult = { stay: [], left, ended };
      runRule(walk, rule, only, at, result, depth);
      live = result.stay.length > 1 ? prune(joinAll(result.stay)) : result.stay;
      continue;
    }
    const result: RuleResult = { stay: [], left, ended };
    for (const branch of live) {
      const at = firstFork(walk, rule, branch);
      if (at < 0) result.stay.push(branch);
      else runRule(walk, rule, branch, at, result, depth);
    }
    live = prune(joinAll(result.stay));
  }
  return { through: joinAll([...left, ...live]), ended };
};

const prune = (branches: Traversal[]): Traversal[] =>
  branches.length <= OPEN_BRANCHES
    ? branches
    : branches
        .sort((a, b) => b.share - a.share)
        .slice(0, OPEN_BRANCHES)
        .map((branch) => assume(branch, CUT));

/** -1 where a leading test plainly fails; else the first statement that is not a plainly passed test. */
const firstFork = (walk: Walk, rule: WalkRule, branch: Traversal): number => {
  const { statements } = rule;
  for (let at = 0; at < statements.length; at += 1) {
    const statement = statements[at];
    if (statement?.kind !== 'test') return at;
    const answer = statement.matcher(walk.question, branch);
    if (answer.value === false && !('assumed' in answer)) return -1;
    if (answer.value !== true || 'assumed' in answer) return at;
  }
  return statements.length;
};

const runRule = (walk: Walk, rule: WalkRule, start: Traversal, at: number, result: RuleResult, depth: number): void => {
  let current: Traversal[] = [start];
  for (const statement of rule.statements.slice(at)) {
    const next: Traversal[] = [];
    for (const branch of current) {
      if (statement.kind === 'test')
        fork(rule, branch, statement.matcher(walk.question, branch), statement, next, result.stay);
      else if (statement.kind === 'act') act(walk, rule, branch, statement.effect, next, result, depth);
      else
        for (const pick of statement.pick(walk.question, branch)) {
          const taken: Traversal[] = [];
          fork(rule, branch, pick.answer, { name: 'map', key: () => pick.key, invert: false }, taken, []);
          for (const one of taken)
            if (pick.effect) act(walk, rule, one, pick.effect, next, result, depth);
            else result.stay.push(one);
        }
    }
    current = next;
    if (current.length === 0) return;
  }
  result.stay.push(...current);
};

/** Parts a branch by an answer: to `yes`, to `no`, or to both. */
const fork = (
  rule: WalkRule,
  branch: Traversal,
  answer: Answer,
  asked: { readonly name: string; readonly key: () => string; readonly invert: boolean },
  yes: Traversal[],
  no: Traversal[],
): void => {
  if (answer.value === 'random') {
    yes.push({ ...branch, share: branch.share * answer.share });
    no.push({ ...branch, share: branch.share * (1 - answer.share) });
    return;
  }
  if (answer.value !== undefined) {
    const taken = 'assumed' in answer ? assume(branch, note(answer.assumed, rule.hit)) : branch;
    (answer.value ? yes : no).push(taken);
    return;
  }
  const key = asked.key();
  const known = branch.choices.get(key);
  if (known) {
    (known.matched !== asked.invert ? yes : no).push(branch);
    return;
  }
  const { source, chain, position } = rule.hit;
  for (const matched of [true, false]) {
    const choice: Choice = {
      matched: matched !== asked.invert,
      assumption: assumption(
        answer.why,
        { match: asked.name, chain, position, matched },
        { missing: answer.missing, source },
      ),
    };
    (matched ? yes : no).push({ ...branch, choices: new Map(branch.choices).set(key, choice) });
  }
};

/** Carries an effect out: branches that go on within the rule come to `next`. */
const act = (
  walk: Walk,
  rule: WalkRule,
  branch: Traversal,
  effect: Effect,
  next: Traversal[],
  result: RuleResult,
  depth: number,
): void => {
  switch (effect.kind) {
    case 'nothing':
      next.push(branch);
      return;
    case 'unknown':
      next.push(assume(withHit(branch, rule.hit), note(effect.code, rule.hit)));
      return;
    case 'change': {
      const changed = effect.apply(branch, walk.question);
      next.push(changed === branch ? branch : withHit(changed, rule.hit));
      return;
    }
    case 'return':
      result.left.push(withHit(branch, rule.hit));
      return;
    case 'end': {
      const { verdict, rejectWith, nat, tproxy } = effect.ending;
      const changed = effect.apply ? effect.apply(branch, walk.question) : branch;
      result.ended.push({ branch: withHit(changed, rule.hit), verdict, rejectWith, nat, tproxy, policyOf: undefined });
      return;
    }
    default: {
      const chain = walk.chain(effect.chain);
      if (!chain) {
        next.push(assume(branch, note('chain-missing', rule.hit)));
        return;
      }
      if (chain.empty || depth >= DEPTH) {
        const through = depth >= DEPTH ? assume(branch, note('chain-loop', rule.hit)) : branch;
        if (effect.kind === 'goto') result.left.push(through);
        else result.stay.push(through);
        return;
      }
      const call = branch.choices.size === 0 ? `${effect.chain} ${traversalKey(branch)}` : undefined;
      const onward = effect.kind === 'goto' ? result.left : result.stay;
      if (call !== undefined && walk.idle.has(call)) {
        onward.push(branch);
        return;
      }
      const called = withHit(branch, rule.hit);
      const inner = walkChain(walk, chain, [called], depth + 1);
      result.ended.push(...inner.ended);
      if (call !== undefined && inner.ended.length === 0 && inner.through.length === 1 && inner.through[0] === called)
        walk.idle.add(call);
      // A chain in which nothing matched had no part in what follows.
      onward.push(...inner.through.map((b) => (b.hits === called.hits ? { ...b, hits: branch.hits } : b)));
    }
  }
};
