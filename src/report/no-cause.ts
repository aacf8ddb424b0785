import type { EvidenceLine, FlowAnalysis } from '../causes/facts/finding.ts';
import type { Analysis } from '../judging/analysis.ts';
import type { Missing } from '../path/step.ts';
import { decidingLeg, type Leg, wayOf } from '../path/walk-result.ts';
import { type Prose, plainText } from './prose.ts';
import { endSentence, placeName, placePhrase } from './wording.ts';
import type { Words } from './words.ts';

const failingFlow = (analysis: Analysis): FlowAnalysis | undefined =>
  analysis.flows.find((flow) => flow.outcome !== 'delivered' && flow.outcome !== 'unknown');

const legOf = (flow: FlowAnalysis): Leg | undefined => {
  const branch = flow.walked.branches[0];
  return branch && decidingLeg(branch);
};

/** The lines that decided where the first failing flow ends. */
export const endEvidence = (analysis: Analysis): readonly EvidenceLine[] => {
  const failing = failingFlow(analysis);
  const leg = failing && legOf(failing);
  return leg && leg.end.outcome !== 'delivered' ? (leg.steps.at(-1)?.proofs ?? []) : [];
};

/** What is said where no cause holds. */
export interface NoCause {
  /** `calm`: nothing fails. `open`: a flow fails and no known cause says by what, or its end is not in the bundle. */
  readonly kind: 'calm' | 'open';
  readonly title: Prose;
  readonly summary: Prose;
  /** Captures that would tell more; each once. */
  readonly missing: readonly Missing[];
}

/** The verdict without a cause: calm, or where the walk ends, which is worth a sentence even where nothing explains it. */
export const noCause = (analysis: Analysis, words: Words): NoCause => {
  const failing = failingFlow(analysis);
  if (failing) return open(analysis, words, failing);
  const dark = analysis.flows.find((flow) => flow.outcome === 'unknown');
  if (dark) return undecided(analysis, words, dark);
  const counts = { flows: analysis.flows.length, undecided: analysis.undecided.length };
  // Seen to work, while the walk says that it cannot: what the walk needs is not in the bundle.
  const parted = analysis.flows.find((flow) => {
    const leg = legOf(flow);
    return leg !== undefined && leg.end.outcome !== 'delivered' && leg.end.outcome !== 'unknown';
  });
  const leg = parted && legOf(parted);
  if (parted && leg)
    return {
      kind: 'calm',
      title: words.label('calm-title-seen'),
      summary: [...words.label('calm-summary-seen'), ...endSentence(words, leg.end, leg.steps.at(-1))],
      missing: missingOf(analysis, parted),
    };
  const unseen = analysis.flows.find((flow) => flow.evidence.seen !== 'ok');
  const missing = unseen ? missingOf(analysis, unseen) : [];
  return {
    kind: 'calm',
    title: words.label('calm-title'),
    summary: [
      ...words.label('calm-summary', counts),
      ...(missing.length > 0 ? words.label('calm-assumed', { count: missing.length }) : []),
    ],
    missing,
  };
};

const open = (analysis: Analysis, words: Words, flow: FlowAnalysis): NoCause => {
  const leg = legOf(flow);
  const missing = missingOf(analysis, flow);
  const counts = words.label('open-summary', { undecided: analysis.undecided.length });
  const seen = flow.evidence.seen === 'unknown' ? undefined : { said: words.text(`seen-${flow.evidence.seen}`) };
  if (!leg || leg.end.outcome === 'delivered' || leg.end.outcome === 'unknown') {
    const walked = leg?.end.outcome === 'delivered' ? 'open-delivered' : 'open-undecided';
    return {
      kind: 'open',
      title: words.label('open-title'),
      summary: [...(seen ? words.label('open-seen', { seen }) : []), ...(leg ? words.label(walked) : []), ...counts],
      missing,
    };
  }
  const { end } = leg;
  const last = leg.steps.at(-1);
  const title = end.between
    ? words.label('open-title-between', { sender: end.between[0], receiver: end.between[1] })
    : words.label(
        leg.direction === 'ack'
          ? 'open-title-ack'
          : wayOf(leg) === 'forward'
            ? 'open-title-forward'
            : 'open-title-reply',
        {
          place: placeName(end.node ?? '', end.namespace),
          phrase: last ? { said: plainText(placePhrase(words, last.place)) } : '',
        },
      );
  return {
    kind: 'open',
    title,
    summary: [...endSentence(words, end, last), ...(seen ? words.label('open-seen', { seen }) : []), ...counts],
    missing,
  };
};

/** Neither the walk nor what was seen tells how the flow ends. */
const undecided = (analysis: Analysis, words: Words, flow: FlowAnalysis): NoCause => {
  const leg = legOf(flow);
  const last = leg?.steps.at(-1);
  return {
    kind: 'open',
    title: last
      ? words.label('dark-title', {
          place: placeName(last.node, last.namespace),
          phrase: { said: plainText(placePhrase(words, last.place)) },
        })
      : words.label('flow-no-walk'),
    summary: [
      ...(leg ? endSentence(words, leg.end, last) : []),
      ...words.label('dark-summary'),
      ...words.label('open-summary', { undecided: analysis.undecided.length }),
    ],
    missing: missingOf(analysis, flow),
  };
};

const missingOf = (analysis: Analysis, flow: FlowAnalysis): readonly Missing[] => {
  const all = [
    ...(flow.walked.branches[0]?.assumptions ?? []).flatMap((assumption) => assumption.missing ?? []),
    ...analysis.undecided.filter((finding) => finding.flow === flow.id).flatMap((finding) => [...finding.missing]),
  ];
  return [...new Map(all.map((missing) => [`${missing.namespace} ${missing.kind}`, missing])).values()];
};
