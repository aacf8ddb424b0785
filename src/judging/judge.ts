import { isToldToFail, weaker } from '../causes/facts/confidence.ts';
import type {
  Cause,
  CauseContext,
  Confidence,
  Finding,
  Fix,
  FlowAnalysis,
  Found,
  RuledOutFinding,
  ToldContext,
  UndecidedFinding,
  Verdict,
} from '../causes/facts/finding.ts';
import type { FlowEvidence } from '../evidence/observation.ts';
import { applyChanges } from '../network/apply-changes.ts';
import type { Network } from '../network/network.ts';
import { walkFlow } from '../path/walk.ts';
import { asWalked, type FlowQuestion, type Outcome, type WalkBranch, type WalkedFlow } from '../path/walk-result.ts';
import type { Source } from '../records/source.ts';
import { lackedBy } from './absence.ts';
import { mostOf } from './certainty.ts';
import { hung } from './consequences.ts';
import { orderByEvidence } from './order.ts';
import { refuted } from './refuters.ts';
import { CAUSES } from './registry.ts';
import { rivalsOf } from './rivals/rivals.ts';
import { typed } from './typed-commands.ts';
import { isExamined, takesForGranted } from './ways.ts';

/** One flow, judged by every cause. */
export interface Judgement {
  readonly flow: FlowAnalysis;
  readonly found: readonly Finding[];
  readonly observations: readonly Finding[];
  readonly ruledOut: readonly RuledOutFinding[];
  readonly undecided: readonly UndecidedFinding[];
  /** Of a flow that nobody asked about: the lines by which it looks broken. */
  readonly noticed?: readonly Source[];
}

const CONFIDENCE: Readonly<Record<Confidence, number>> = { certain: 3, likely: 2, possible: 1 };
const GROUP: Readonly<Record<Cause['group'], number>> = { A: 3, B: 2, C: 1 };

export const strongerFirst = (a: Finding, b: Finding): number =>
  CONFIDENCE[b.confidence] - CONFIDENCE[a.confidence] ||
  groupOf(b.id) - groupOf(a.id) ||
  decisiveLines(b) - decisiveLines(a);
const groupOf = (id: string): number => GROUP[CAUSES.find((cause) => cause.id === id)?.group ?? 'C'];
const decisiveLines = (finding: Finding): number => finding.evidence.filter((line) => line.role === 'decisive').length;

/** Walks a flow, joins what was seen of it and asks every cause. */
export const judgeFlow = (network: Network, question: FlowQuestion, id: string): Judgement => {
  const { flow, evidence } = orderByEvidence(network, walkFlow(network, question));
  const branch = flow.branches[0];
  const analysis: FlowAnalysis = {
    id,
    question,
    startNode: startNodeOf(network, flow),
    walked: flow,
    outcome: outcomeOf(flow, evidence),
    evidence,
  };
  const told = toldOf({ network, question, evidence }, id);
  if (!branch) return { flow: analysis, found: told, observations: [], ruledOut: [], undecided: [] };
  const context: CauseContext = {
    network,
    flow: asWalked(flow, branch),
    branch,
    evidence,
    rewalk: (changes) => walkFlow(applyChanges(network, changes), question, { unchanged: flow }),
    walk: (other) => walkFlow(network, other),
  };
  const found: Finding[] = [];
  const observations: Finding[] = [];
  const ruledOut: RuledOutFinding[] = [];
  const undecided: UndecidedFinding[] = [];
  for (const cause of CAUSES) {
    for (const verdict of cause.detect(context).map((said) => settled(cause, said, context))) {
      if (verdict.kind === 'ruled-out')
        ruledOut.push({
          id: cause.id,
          flow: id,
          because: verdict.because,
          values: verdict.values,
          evidence: verdict.evidence,
        });
      else if (verdict.kind === 'undecided')
        undecided.push({ id: cause.id, flow: id, missing: verdict.missing, values: verdict.values });
      else (cause.control ? observations : found).push(findingOf(cause, verdict, context, id));
    }
  }
  // What a cause has said of itself stands; the general facts speak of the rest, and decide what it left open.
  const spoken = new Set<string>([...found, ...observations, ...ruledOut].map((verdict) => verdict.id));
  const rivals = rivalsOf(context).filter(({ id: rival }) => !spoken.has(rival));
  const excluded = new Set(rivals.map(({ id: rival }) => rival));
  for (const { id: rival, because, values, evidence: lines } of rivals)
    ruledOut.push({ id: rival, flow: id, because, values, evidence: lines });
  const open = undecided.filter((verdict) => !excluded.has(verdict.id));
  return { flow: analysis, found: ordered(withTold(found, told), context), observations, ruledOut, undecided: open };
};

/** A finding of the walk's stands only on what was captured, and where no fact speaks against it. */
const settled = (cause: Cause, verdict: Verdict, context: CauseContext): Verdict => {
  if (verdict.kind !== 'found' || cause.control || cause.worksWrongly) return verdict;
  const missing = lackedBy(verdict, context);
  if (missing.length > 0) return { kind: 'undecided', missing, values: verdict.values };
  return refuted(verdict, context) ?? verdict;
};

/** What the bundle says by itself: its findings need no walk, and no change of the model is walked for them. */
const toldOf = (context: ToldContext, flow: string): readonly Finding[] =>
  CAUSES.flatMap((cause) =>
    (cause.told?.(context) ?? []).map(
      ({ kind: _, ...found }): Finding => ({
        ...found,
        id: cause.id,
        flow,
        fixes: found.fixes.map((fix) => ({ ...typed(fix, context.network), provenByWalk: false })),
        consequences: [],
      }),
    ),
  );

/** One cause at one node is one finding: the walk's, with the lines that say so themselves before its own. */
const withTold = (found: readonly Finding[], told: readonly Finding[]): readonly Finding[] => {
  const isSame = (a: Finding, b: Finding) => a.id === b.id && a.node === b.node;
  const joined = found.map((finding): Finding => {
    const same = told.find((other) => isSame(other, finding));
    if (!same) return finding;
    const confidence =
      CONFIDENCE[same.confidence] > CONFIDENCE[finding.confidence] ? same.confidence : finding.confidence;
    return { ...finding, confidence, evidence: [...finding.evidence, ...same.evidence] };
  });
  return [...joined, ...told.filter((other) => !found.some((finding) => isSame(other, finding)))];
};

const startNodeOf = (network: Network, flow: WalkedFlow): string | undefined =>
  flow.question.start === undefined ? undefined : network.namespaces.get(flow.question.start)?.node;

const SEEN_OUTCOME: Readonly<Record<FlowEvidence['seen'], Outcome>> = {
  ok: 'delivered',
  refused: 'rejected',
  reset: 'reset',
  timeout: 'lost',
  unreachable: 'rejected',
  stalled: 'lost',
  unknown: 'unknown',
};

/** The walk's word, unless the bundle saw the flow work or left the walk in the open. */
const outcomeOf = (flow: WalkedFlow, evidence: FlowEvidence): Outcome => {
  const [branch] = flow.branches;
  // Where a way was taken for granted, what lies behind it was not delivered: nobody knows.
  const walked = !branch || (branch.outcome === 'delivered' && takesForGranted(branch)) ? 'unknown' : branch.outcome;
  if (evidence.seen === 'ok') return 'delivered';
  // The kernel's log tells of a refusal that no packet shows and that the walk did not come to.
  if (evidence.seen === 'unknown' && (walked === 'unknown' || walked === 'delivered') && isToldToFail(evidence))
    return 'dropped';
  if (walked === 'unknown') return SEEN_OUTCOME[evidence.seen];
  // What the dumped state lets through and yet fails dies of something that no table tells: size, load, another attempt's entry.
  if (walked === 'delivered' && evidence.seen !== 'unknown') return SEEN_OUTCOME[evidence.seen];
  return walked;
};

/**
 * Any way through is a way through: of several real servers the change may mend the observed one. One that rests on what was taken for
 * granted, or inferred, shows nothing.
 */
const delivers = (network: Network, flow: WalkedFlow): boolean =>
  flow.branches.length > 0 &&
  flow.branches.some((b) => b.outcome === 'delivered' && isExamined(network, flow, b)) &&
  flow.branches.every((b) => b.outcome === 'delivered' || b.outcome === 'unknown');

/** Where a branch's walk ends, and on which leg. */
const placeOf = ({ forward, reply }: WalkBranch): string => {
  const { direction, end, steps } = reply ?? forward;
  return [direction, end.node, end.namespace, end.between?.join(), steps.at(-1)?.place, end.reason].join('|');
};

/** The walk with the change dies where it died before. */
const isNoHelp = (before: WalkBranch, after: WalkedFlow): boolean =>
  after.branches.every((b) => b.outcome !== 'delivered' && placeOf(b) === placeOf(before));

/**
 * The fix with the walk's word on it; nothing where the walk with its change still dies in the same place. What gets the packet further, to another fault, and what is no
 * change of the model (an application to mend, a provider to ask) stays as advice.
 */
const proven = (fix: Omit<Fix, 'provenByWalk'>, context: CauseContext): readonly Fix[] => {
  const said = typed(fix, context.network);
  if (fix.changes.length === 0) return [{ ...said, provenByWalk: false }];
  const walked = context.rewalk(fix.changes);
  return isNoHelp(context.branch, walked) ? [] : [{ ...said, provenByWalk: delivers(context.network, walked) }];
};

const findingOf = (cause: Cause, found: Found, context: CauseContext, flow: string): Finding => ({
  id: cause.id,
  flow,
  confidence: found.confidence,
  node: found.node,
  namespace: found.namespace,
  ...(found.between ? { between: found.between } : {}),
  at: found.at,
  values: found.values,
  evidence: found.evidence,
  fixes: found.fixes
    .flatMap((fix) => proven(fix, context))
    .sort((a, b) => Number(b.provenByWalk) - Number(a.provenByWalk)),
  consequences: [],
});

/**
 * The findings with the confidence that the flow's evidence allows. A finding that another one explains hangs below it where that one is as sure, before or after it was
 * limited; among equals the stronger comes first.
 */
const ordered = (found: readonly Finding[], context: CauseContext): readonly Finding[] => {
  const own = new Map<Finding, Confidence>();
  const limited = found.map((finding): Finding => {
    const one = { ...finding, confidence: weaker(finding.confidence, mostOf(finding, context)) };
    own.set(one, finding.confidence);
    return one;
  });
  const sureOf = (finding: Finding): number => CONFIDENCE[own.get(finding) ?? finding.confidence];
  const isAsSure = (over: Finding, under: Finding): boolean =>
    CONFIDENCE[over.confidence] >= CONFIDENCE[under.confidence] || sureOf(over) >= sureOf(under);
  const sorted = [...limited].sort(strongerFirst);
  return hung(sorted, (over, under) => isExplainedBy(under, over) && isAsSure(over, under));
};

const isExplainedBy = (under: Finding, over: Finding): boolean =>
  CAUSES.find((cause) => cause.id === over.id)?.explains?.some((id) => id === under.id) ?? false;
