import type { FlowAnalysis } from '../../causes/facts/finding.ts';
import type { Analysis } from '../../judging/analysis.ts';
import type { Step } from '../../path/step.ts';
import { decidingLeg, type Leg, senderOf, type WalkBranch } from '../../path/walk-result.ts';
import { legsOf } from '../legs.ts';
import { packetText } from '../packet-text.ts';
import { ladderPicture } from '../picture/ladder-picture.ts';
import { pathPicture } from '../picture/path-picture.ts';
import type { Picture } from '../picture/shapes.ts';
import { plainText } from '../prose.ts';
import { isHealthy } from '../shown-causes.ts';
import { sourcePlace } from '../source-place.ts';
import { cut, visibleLine } from '../visible.ts';
import { endSentence, flowText, historyText, placeName, renames, stepHook, stepSentence } from '../wording.ts';
import type { Words } from '../words.ts';
import type { Detail } from './detail.ts';
import { inlineView, type SpanView } from './prose-view.ts';
import { type TranslationView, translationsOf } from './translations.ts';

export interface StepRow {
  readonly heading: string;
  readonly look: string;
  readonly place: string;
  readonly hook: string;
  readonly spans: readonly SpanView[];
  readonly packet: string;
  readonly proofs: readonly string[];
}
export interface FlowView {
  readonly id: string;
  /** Only then does the page show an arrival in green. */
  readonly healthy: boolean;
  readonly heading: string;
  readonly outcome: readonly SpanView[];
  readonly picture: Picture | undefined;
  readonly assumptions: readonly (readonly SpanView[])[];
  readonly branches: readonly string[];
  readonly steps: {
    readonly rows: readonly StepRow[];
    readonly total: number;
    readonly shown: number;
    readonly cut: boolean;
  };
  readonly ladder: Picture | undefined;
  readonly ladderCut: boolean;
  readonly ladderShown: number;
  readonly ladderTotal: number;
  readonly packetsCut: number;
  readonly clocks: string;
  readonly counters: readonly { readonly name: string; readonly value: number; readonly source: string }[];
  readonly translations: readonly Record<string, unknown>[];
  readonly translationsCut: boolean;
  readonly translationsTotal: number;
}

const TEXT_MOST = 300;

/** Namespace ids in the order in which the flow meets them. */
export const laneOrder = (branch: WalkBranch | undefined): string[] => [
  ...new Set(legsOf(branch).flatMap(({ leg }) => leg.steps.map((step) => placeName(step.node, step.namespace)))),
];

const stepRow = (words: Words, step: Step, leg: Leg, last: boolean): StepRow => ({
  heading: '',
  look:
    last && leg.end.outcome !== 'delivered' && leg.end.outcome !== 'unknown'
      ? 'death'
      : renames(step)
        ? 'change'
        : 'pass',
  place: placeName(step.node, step.namespace),
  hook: cut(stepHook(words, step), TEXT_MOST),
  spans: inlineView(stepSentence(words, step)),
  packet: cut(packetText(step.after), TEXT_MOST),
  proofs: step.proofs.slice(0, 4).map(({ source }) => sourcePlace(words, source)),
});

const stepRows = (words: Words, branch: WalkBranch | undefined, most: number): FlowView['steps'] => {
  const rows: StepRow[] = [];
  let total = 0;
  let shown = 0;
  for (const { name, leg } of legsOf(branch)) {
    rows.push({
      heading: words.text(`leg-${name}`),
      look: '',
      place: '',
      hook: '',
      spans: [],
      packet: '',
      proofs: [],
    });
    total += leg.steps.length;
    leg.steps.slice(0, most).forEach((step, i) => {
      rows.push(stepRow(words, step, leg, i === leg.steps.length - 1));
      shown += 1;
    });
  }
  return { rows, total, shown, cut: shown < total };
};

const clockSentence = (words: Words, flow: FlowAnalysis): string => {
  const offsets = [...flow.evidence.clockOffsets].sort(([a], [b]) => (a < b ? -1 : 1));
  const first = placeName(flow.evidence.packets[0]?.namespace.split('/')[0] ?? '', '');
  const told = offsets
    .filter(([, seconds]) => seconds !== 0)
    .map(([node, seconds]) =>
      words.text('clock-offset', {
        node,
        first: flow.startNode ?? first,
        // Seconds to add to the node's clock: a clock that must be turned back is ahead.
        milliseconds: Number(Math.abs(seconds * 1000).toPrecision(2)),
        ahead: seconds < 0,
      }),
    );
  if (told.length > 0) return told.join(' ');
  const nodes = new Set(flow.evidence.packets.map((packet) => packet.namespace.split('/')[0]));
  return nodes.size > 1 && offsets.length === 0 ? words.text('clock-none') : '';
};

const translationRow = (words: Words, view: TranslationView): Record<string, unknown> => ({
  place: cut(view.place, TEXT_MOST),
  kindLabel: words.text(`kind-${view.kind}`),
  predicted: view.predicted.map((tuple) => ({ ...tuple, title: words.text(tuple.title) })),
  observed: view.observed.map((tuple) => ({ ...tuple, title: words.text(tuple.title) })),
  state: cut(view.state, TEXT_MOST),
  source: view.source,
  look: view.agrees ? 'good' : view.agreement === 'agree-no' ? 'bad' : 'open',
  agreementLabel: words.text(view.agreement),
});

/** Everything that the page shows of one flow. */
export const flowView = (
  analysis: Analysis,
  flow: FlowAnalysis,
  words: Words,
  detail: Detail,
  index: number,
): FlowView => {
  const branch = flow.walked.branches[0];
  const name = cut(flowText(flow.question), TEXT_MOST);
  const order = laneOrder(branch);
  const id = `flow-${index + 1}`;
  const leg = branch ? decidingLeg(branch) : undefined;
  // The walk delivers what was seen to fail.
  const isOtherwise = branch?.outcome === 'delivered' && flow.outcome !== 'delivered';
  const history = historyText(words, flow);
  const reason = leg ? plainText(endSentence(words, leg.end, leg.steps.at(-1))) : '';
  const startsOutside = senderOf(flow.question) === undefined && branch !== undefined;
  const ladder = ladderPicture(`${id}-ladder`, flow, words, order, words.text('ladder-title', { flow: name }));
  const translations = translationsOf(flow, order);
  return {
    id,
    healthy: isHealthy(analysis, flow),
    heading: words.text('flow-heading', { flow: name }),
    outcome: inlineView([
      ...words.label(branch ? (isOtherwise ? 'flow-outcome-seen' : `flow-outcome-${branch.outcome}`) : 'flow-no-walk'),
      ...(leg && !isOtherwise ? endSentence(words, leg.end, leg.steps.at(-1)) : []),
      ...(history ? [{ kind: 'paragraph' as const, spans: [{ text: history.text, style: 'plain' as const }] }] : []),
    ]),
    picture: branch
      ? pathPicture(`${id}-path`, branch, words, {
          startsOutside,
          title: words.text('picture-title', { flow: name }),
          description: words.text('picture-description', { lanes: order.length, end: reason }),
        })
      : undefined,
    assumptions: (branch?.assumptions ?? [])
      .slice(0, 20)
      .map((assumption) => inlineView(words.say('assumptions', assumption.code, { values: assumption.values }))),
    branches: [
      ...flow.walked.branches.slice(1, 6).map((other) => {
        const end = decidingLeg(other);
        return words.text('other-way', {
          share: other.share > 0 && other.share < 1 ? Math.round(other.share * 100) : 0,
          outcome: words.text(`outcome-${other.outcome}`),
          reason: plainText(endSentence(words, end.end, end.steps.at(-1))),
        });
      }),
      ...(flow.walked.cut || flow.walked.branches.length > 6 ? [words.text('other-ways-cut')] : []),
    ],
    steps: stepRows(words, branch, detail.steps),
    ladder: ladder?.picture,
    ladderCut: ladder !== undefined && ladder.shown < ladder.total,
    ladderShown: ladder?.shown ?? 0,
    ladderTotal: ladder?.total ?? 0,
    packetsCut: flow.evidence.packetsCut,
    clocks: ladder ? clockSentence(words, flow) : '',
    counters: flow.evidence.counters.slice(0, 12).map(({ counter }) => ({
      name: cut(visibleLine(counter.name), TEXT_MOST),
      value: counter.value,
      source: `${visibleLine(counter.source.file)}:${counter.source.line}`,
    })),
    translations: translations.slice(0, detail.rows).map((view) => translationRow(words, view)),
    translationsCut: translations.length > detail.rows,
    translationsTotal: translations.length,
  };
};
