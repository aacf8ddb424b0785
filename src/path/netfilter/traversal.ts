import { isSameLine } from '../../records/source.ts';
import type { Assumption } from '../vocabulary/assumptions.ts';
import type { NatTarget, RuleHit, TableOutcome } from './outcome.ts';

/** Rules that matched, newest first: branches share their past. */
interface HitList {
  readonly hit: RuleHit;
  readonly before: HitList | undefined;
}

/** A match that could not be decided and what this branch takes it to be. */
export interface Choice {
  readonly matched: boolean;
  readonly assumption: Assumption;
}

/** One way that the packet may take through the rules: what they changed so far, and what had to be taken for granted. */
export interface Traversal {
  readonly mark: number;
  readonly connmark: number | undefined;
  readonly zone: number | undefined;
  readonly zoneOnly?: TableOutcome['zoneOnly'];
  readonly mss: number | 'pmtu' | undefined;
  /** Hops that are left, where a rule changed them. */
  readonly ttl?: number | undefined;
  /** `-j NOTRACK` was met: the packet will have no entry. */
  readonly untracked: boolean;
  /** A template is attached: a further `-j CT` does nothing (xt_ct_target()). */
  readonly templated: boolean;
  /** Probability among the packets for which all choices hold. */
  readonly share: number;
  readonly hits: HitList | undefined;
  /** Open choices by what was asked, so that the same question gets the same answer later in the traversal. */
  readonly choices: ReadonlyMap<string, Choice>;
  /** Choices that no longer tell this branch from all others, but still stand behind it. */
  readonly undecided: readonly Assumption[];
  /** What was taken for granted without a branch for the contrary. */
  readonly assumed: readonly Assumption[];
}

/** A branch that is through with its table. */
export interface Ended {
  readonly branch: Traversal;
  readonly verdict: TableOutcome['verdict'];
  readonly rejectWith: string | undefined;
  readonly nat: NatTarget | undefined;
  readonly tproxy: TableOutcome['tproxy'];
  readonly policyOf: TableOutcome['policyOf'];
}

export const startTraversal = (mark: number): Traversal => ({
  mark,
  connmark: undefined,
  zone: undefined,
  mss: undefined,
  untracked: false,
  templated: false,
  share: 1,
  hits: undefined,
  choices: new Map(),
  undecided: [],
  assumed: [],
});

/** Branches that go on from the same rule with equal keys cannot differ in what follows, but for their choices. */
export const traversalKey = (b: Traversal): string =>
  `${b.mark} ${b.connmark} ${b.zone} ${b.zoneOnly} ${b.mss} ${b.ttl} ${b.untracked} ${b.templated}`;

export const withHit = (b: Traversal, hit: RuleHit): Traversal => ({ ...b, hits: { hit, before: b.hits } });

export const hitsOf = (b: Traversal): readonly RuleHit[] => {
  const hits: RuleHit[] = [];
  for (let at = b.hits; at; at = at.before) hits.push(at.hit);
  return hits.reverse();
};

const sameAssumption = (a: Assumption, b: Assumption): boolean =>
  a === b ||
  (a.code === b.code &&
    (a.source === b.source || isSameLine(a.source, b.source)) &&
    a.missing?.kind === b.missing?.kind);

/** The union, each once. */
export const joinAssumptions = (a: readonly Assumption[], b: readonly Assumption[]): readonly Assumption[] => {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  return [...a, ...b.filter((one) => !a.some((other) => sameAssumption(one, other)))];
};

export const assume = (b: Traversal, assumption: Assumption): Traversal =>
  b.assumed.some((one) => sameAssumption(one, assumption)) ? b : { ...b, assumed: [...b.assumed, assumption] };

/**
 * Two branches with the same effects as one. Where they differ in a single choice that one took as yes and the other as no, the choice
 * does not matter and is forgotten; where chance alone parted them their shares are added.
 */
const joinTwo = (a: Traversal, b: Traversal): Traversal => {
  const common = new Map<string, Choice>();
  const parted: Choice[] = [];
  let opposite = 0;
  for (const [key, choice] of a.choices) {
    const other = b.choices.get(key);
    if (other && other.matched === choice.matched) common.set(key, choice);
    else {
      parted.push(choice);
      if (other) opposite += 1;
    }
  }
  for (const [key, choice] of b.choices) if (!a.choices.has(key)) parted.push(choice);
  const byChance = parted.length === 0;
  const moot = parted.length === 1 && opposite === 1;
  const kept = a.share >= b.share ? a : b;
  return {
    ...kept,
    share: byChance ? Math.min(1, a.share + b.share) : Math.max(a.share, b.share),
    choices: common,
    undecided: joinAssumptions(
      joinAssumptions(a.undecided, b.undecided),
      byChance || moot ? [] : parted.map((choice) => choice.assumption),
    ),
    assumed: joinAssumptions(a.assumed, b.assumed),
  };
};

/** Branches at one place, those with equal effects joined. */
export const joinAll = (branches: readonly Traversal[]): Traversal[] => {
  if (branches.length < 2) return [...branches];
  const byKey = new Map<string, Traversal>();
  for (const branch of branches) {
    const key = traversalKey(branch);
    const known = byKey.get(key);
    byKey.set(key, known ? joinTwo(known, branch) : branch);
  }
  return [...byKey.values()];
};

/** Ended branches, those with equal effects and verdict joined. */
export const joinEnded = (ended: readonly Ended[]): Ended[] => {
  if (ended.length < 2) return [...ended];
  const byKey = new Map<string, Ended>();
  for (const one of ended) {
    const key = `${one.verdict} ${one.rejectWith} ${JSON.stringify([one.nat, one.tproxy])} ${traversalKey(one.branch)}`;
    const known = byKey.get(key);
    if (!known) byKey.set(key, one);
    else {
      const branch = joinTwo(known.branch, one.branch);
      byKey.set(key, { ...(branch.hits === one.branch.hits ? one : known), branch });
    }
  }
  return [...byKey.values()];
};
