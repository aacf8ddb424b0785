import type { EvidenceLine, FlowAnalysis } from '../causes/facts/finding.ts';
import type { Analysis } from '../judging/analysis.ts';
import type { VerdictCode } from '../judging/verdict.ts';
import { decidingLeg, type Leg, wayOf } from '../path/walk-result.ts';
import { type Prose, plainText } from './prose.ts';
import { endSentence, placeName, placePhrase } from './wording.ts';
import type { Words } from './words.ts';

/** The flow that the verdict is about: of several the first that comes to it. */
const flowOf = (analysis: Analysis): FlowAnalysis | undefined => {
  const { code, examined } = analysis.verdict;
  const id = examined.flows.find((flow) => flow.code === code)?.id;
  return analysis.flows.find((flow) => flow.id === id) ?? analysis.flows[0];
};

const legOf = (flow: FlowAnalysis): Leg | undefined => {
  const branch = flow.walked.branches[0];
  return branch && decidingLeg(branch);
};

/** What the bundle shows of the flow: lines to be quoted under the verdict. */
export const endEvidence = (analysis: Analysis): readonly EvidenceLine[] => analysis.verdict.evidence;

/** Verdicts that name no cause. */
type QuietCode = Exclude<VerdictCode, 'cause' | 'possible'>;

const quiet = (code: VerdictCode): QuietCode => (code === 'cause' || code === 'possible' ? 'undecided' : code);

/** What is said where no cause holds. */
export interface NoCause {
  readonly code: QuietCode;
  readonly badge: Prose;
  readonly title: Prose;
  readonly summary: Prose;
}

/** The verdict without a cause in words: by its code, and where the walk ends, which is worth a sentence even where nothing explains it. */
export const noCause = (analysis: Analysis, words: Words): NoCause => {
  const code = quiet(analysis.verdict.code);
  return { code, badge: words.say('verdict', `badge:${code}`, { values: {} }), ...saidOf(analysis, words) };
};

type Said = Pick<NoCause, 'title' | 'summary'>;

const saidOf = (analysis: Analysis, words: Words): Said => {
  const { by, examined } = analysis.verdict;
  const code = quiet(analysis.verdict.code);
  const flow = flowOf(analysis);
  if (code === 'undecided' && flow)
    return flow.outcome === 'unknown' ? dark(analysis, words, flow) : open(analysis, words, flow);
  const variant = variantOf(code, by, examined.asked, analysis.flows.length > 0);
  const values = { missing: new Set(analysis.collect.map((item) => `${item.where} ${item.capture}`)).size };
  return {
    title: words.say('verdict', `title:${variant}`, { values }),
    summary: [
      ...words.say('verdict', `summary:${variant}`, { values }),
      ...(flow && code === 'healthy' ? parted(words, flow) : []),
      ...(flow && code === 'not-enough' ? whereItStops(words, flow) : []),
    ],
  };
};

/** A title and summary of their own have the two ways of knowing that a flow works, and what was not asked about. */
const variantOf = (code: QuietCode, by: 'seen' | 'walked' | undefined, asked: boolean, isFound: boolean) => {
  if (code === 'healthy') return by === 'walked' ? ('healthy-walked' as const) : ('healthy-seen' as const);
  if (code === 'not-enough' && !asked && isFound) return 'not-enough-noticed' as const;
  if (code === 'not-enough') return asked ? ('not-enough' as const) : ('not-enough-unasked' as const);
  return asked ? ('no-failure-seen' as const) : ('no-failure-seen-unasked' as const);
};

/** Seen to work, while the walk says that it cannot: what the walk needs is not in the bundle. */
const parted = (words: Words, flow: FlowAnalysis): Prose => {
  const leg = legOf(flow);
  if (!leg || leg.end.outcome === 'delivered' || leg.end.outcome === 'unknown') return [];
  return [...words.label('calm-summary-seen'), ...endSentence(words, leg.end, leg.steps.at(-1))];
};

const whereItStops = (words: Words, flow: FlowAnalysis): Prose => {
  const leg = legOf(flow);
  return leg && leg.end.outcome === 'unknown' ? endSentence(words, leg.end, leg.steps.at(-1)) : [];
};

/** The flow fails, by what was seen or by the walk, and no known cause says by what. */
const open = (analysis: Analysis, words: Words, flow: FlowAnalysis): Said => {
  const leg = legOf(flow);
  const counts = words.label('open-summary', { undecided: analysis.undecided.length });
  const seen = flow.evidence.seen === 'unknown' ? undefined : { said: words.text(`seen-${flow.evidence.seen}`) };
  if (!leg || leg.end.outcome === 'delivered' || leg.end.outcome === 'unknown') {
    const walked = leg?.end.outcome === 'delivered' ? 'open-delivered' : 'open-undecided';
    return {
      title: words.label(seen ? 'open-title' : 'open-title-walked'),
      summary: [...(seen ? words.label('open-seen', { seen }) : []), ...(leg ? words.label(walked) : []), ...counts],
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
    title,
    summary: [...endSentence(words, end, last), ...(seen ? words.label('open-seen', { seen }) : []), ...counts],
  };
};

/** Neither the walk nor what was seen tells how the flow ends. */
const dark = (analysis: Analysis, words: Words, flow: FlowAnalysis): Said => {
  const leg = legOf(flow);
  const last = leg?.steps.at(-1);
  return {
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
  };
};
