import type { EvidenceLine, Finding, FlowAnalysis } from '../causes/facts/finding.ts';
import type { Step } from '../path/step.ts';
import type { Place } from '../path/vocabulary/places.ts';
import type { FlowQuestion, LegEnd, Outcome } from '../path/walk-result.ts';
import type { Source } from '../records/source.ts';
import { clock } from './clock.ts';
import { endpoint, packetValues, tunnelName } from './packet-text.ts';
import { type Prose, plainText } from './prose.ts';
import { sourcePlace } from './source-place.ts';
import { visibleLine } from './visible.ts';
import type { Words, WordValues } from './words.ts';

/** What templates get of findings, steps and flows: the one place that knows both the model and the names that templates use. */

/** `node` or `node/pod`. */
export const placeName = (node: string, namespace: string): string =>
  visibleLine(namespace === '' ? node : namespace.startsWith(`${node}/`) ? namespace : `${node}/${namespace}`);

/** Where a finding is: its namespace, or the two nodes that it lies between. */
export const findingPlace = (finding: Pick<Finding, 'node' | 'namespace' | 'between'>): string =>
  finding.node === null
    ? (finding.between ?? []).map(visibleLine).join(' → ')
    : placeName(finding.node, finding.namespace);

/** `10.0.0.1 → 10.0.0.2:80/tcp`, as `--flow` takes it. */
/** The flow in one line. What stands as a source port for ICMP is the echo's id, which is no port. */
export const flowText = (question: FlowQuestion): string => {
  const { proto, src, dst } = question;
  const isPorted = !/^icmp/.test(proto);
  const end = (address: string, port: number | undefined) => endpoint(address, isPorted ? port : undefined);
  return `${end(src, question.sport)} → ${end(dst, question.dport)}/${visibleLine(proto)}`;
};

/** Where the flow's walk begins, under which label, and why there; undefined where it begins nowhere. */
export const entryText = (
  words: Words,
  { start, arrival, entry, origin }: FlowQuestion,
): { readonly label: string; readonly text: string } | undefined => {
  if (start === undefined) return undefined;
  const label = words.text(origin === 'open' ? 'sent-or-received-by' : arrival ? 'received-by' : 'sent-from');
  const [source] = entry?.sources ?? [];
  if (!entry) return { label, text: visibleLine(start) };
  const text = words.text('entry-value', {
    place: { said: visibleLine(start) },
    device: arrival?.device === undefined ? '' : { said: visibleLine(arrival.device) },
    reason: { said: words.text(`entry-${entry.code}`) },
    source: source ? { said: sourcePlace(words, source) } : '',
    equals: entry.equals ?? 0,
  });
  return { label, text };
};

/** That the flow was answered and then no more, under which label; undefined where it was not so. */
export const historyText = (
  words: Words,
  { evidence: { stopped } }: FlowAnalysis,
): { readonly label: string; readonly text: string } | undefined => {
  const [first] = stopped?.inVain ?? [];
  if (!stopped || !first) return undefined;
  const at = ({ source }: { readonly source: Source }) => ({ said: sourcePlace(words, source) });
  const text = words.text('history-stopped', {
    until: clock(stopped.lastAnswer.time ?? 0),
    untilAt: at(stopped.lastAnswer),
    times: stopped.inVain.length,
    since: clock(first.time ?? 0),
    sinceAt: at(first),
  });
  return { label: words.text('history'), text };
};

/** The flow's end in a few words. What was seen to stay without an answer is not thereby lost between two nodes: only the walk tells where it ends. */
export const outcomeLabel = ({ outcome, walked }: FlowAnalysis): `outcome-${Outcome | 'unanswered'}` =>
  outcome === 'lost' && walked.branches[0]?.outcome !== 'lost' ? 'outcome-unanswered' : `outcome-${outcome}`;

export const flowValues = (question: FlowQuestion): WordValues => ({
  text: flowText(question),
  proto: question.proto,
  src: question.src,
  sport: question.sport,
  dst: question.dst,
  dport: question.dport,
});

export const findingContext = (
  finding: Pick<Finding, 'values'> & Partial<Pick<Finding, 'node' | 'namespace' | 'between' | 'at'>>,
  flow: FlowAnalysis | undefined,
): WordValues => ({
  values: finding.values,
  node: finding.node ?? '',
  namespace: finding.namespace ?? '',
  where:
    finding.node === undefined
      ? ''
      : findingPlace({ ...finding, node: finding.node, namespace: finding.namespace ?? '' }),
  sender: finding.between?.[0] ?? '',
  receiver: finding.between?.[1] ?? '',
  at: finding.at ?? '',
  flow: flow ? flowValues(flow.question) : {},
});

/** Whether a step renames the flow: another address or port, a tunnel around it or off it. A source that is only now chosen is no new name. */
export const renames = (step: Step): boolean =>
  (step.before.src !== step.after.src && step.before.src !== '') ||
  step.before.dst !== step.after.dst ||
  step.before.sport !== step.after.sport ||
  step.before.dport !== step.after.dport ||
  (tunnelName(step.before) === undefined) !== (tunnelName(step.after) === undefined);

const stepContext = (step: Step): WordValues => ({
  values: step.action.values,
  device: step.device ?? '',
  node: step.node,
  namespace: step.namespace,
  before: packetValues(step.before),
  after: packetValues(step.after),
  changed: renames(step),
});

export const stepSentence = (words: Words, step: Step): Prose =>
  words.say('actions', step.action.code, stepContext(step));

/** A few words for the pictures. */
export const stepLabel = (words: Words, step: Step): string =>
  plainText(words.say('actions', `short:${step.action.code}`, stepContext(step)));

/** Hook, table and device as a kernel person reads them: `POSTROUTING nat eth0`. */
export const stepHook = (words: Words, step: Step): string => {
  const place = plainText(words.say('places', step.place, { code: step.place }));
  const stage = /^(raw|mangle|nat|filter|security|conntrack)$/.test(step.stage) ? step.stage : '';
  return visibleLine([place, stage, step.device ?? ''].filter((part) => part !== '').join(' '));
};

/** The phrase after "at": where in the kernel. */
export const placePhrase = (words: Words, at: Place): Prose =>
  words.say('places', `in:${at}`, { code: at, values: {} });

/** How a leg ends, in a sentence: by the step that decided it, or by the end's own reason. */
export const endSentence = (words: Words, end: LegEnd, last: Step | undefined): Prose => {
  const context: WordValues = {
    values: {
      node: end.node ?? '',
      namespace: end.namespace,
      sender: end.between?.[0] ?? '',
      receiver: end.between?.[1] ?? '',
    },
  };
  if (words.says('reasons', end.reason)) return words.say('reasons', end.reason, context);
  if (last && last.action.code === end.reason) return stepSentence(words, last);
  const short = plainText(words.say('actions', `short:${end.reason}`, { values: {} }));
  return words.say('reasons', 'by', { ...context, what: { said: short } });
};

/** Decisive lines first, otherwise in their order. */
export const byWeight = (lines: readonly EvidenceLine[]): readonly EvidenceLine[] => [
  ...lines.filter((line) => line.role === 'decisive'),
  ...lines.filter((line) => line.role !== 'decisive'),
];
