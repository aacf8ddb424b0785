import type { StateLine } from '../../compare/state-line.ts';
import type { Step } from '../../path/step.ts';
import { type DiffSide, type FlowDifference, lineText, type Quotes } from './flow-difference.ts';

const stepDocument = (step: Step | undefined, { quotes }: DiffSide) =>
  step
    ? {
        node: step.node,
        namespace: step.namespace,
        hook: step.place,
        stage: step.stage,
        device: step.device ?? null,
        action: step.action.code,
        values: step.action.values,
        verdict: step.verdict,
        evidence: step.proofs.map(({ source, role }) => ({
          file: source.file,
          line: source.line,
          text: quotes.get(source.file)?.get(source.line) ?? '',
          role,
        })),
      }
    : null;

const lineDocument = (line: StateLine | undefined, quotes: Quotes) =>
  line ? { file: line.source.file, line: line.source.line, text: lineText(line, quotes) } : null;

const sideDocument = ({ name, flow }: DiffSide) => ({
  name,
  outcome: flow.outcome,
  flow: {
    proto: flow.question.proto,
    src: flow.question.src,
    sport: flow.question.sport ?? null,
    dst: flow.question.dst,
    dport: flow.question.dport ?? null,
    start: flow.question.start ?? null,
  },
});

/** `analyze diff --format json`: schemaVersion 1; fields are only ever added. */
export const renderDiffJson = ({ good, bad, comparison }: FlowDifference): string => {
  const { parting, differences, notComparable } = comparison;
  const document = {
    schemaVersion: 1,
    good: sideDocument(good),
    bad: sideDocument(bad),
    parting: parting
      ? {
          direction: parting.direction,
          shared: stepDocument(parting.shared, bad),
          good: stepDocument(parting.good, good),
          bad: stepDocument(parting.bad, bad),
        }
      : null,
    differences: differences.map((difference) => {
      const one = difference.good ?? difference.bad;
      return {
        namespace: difference.namespace,
        kind: one?.kind ?? '',
        within: one?.within ?? '',
        change: difference.change,
        weight: difference.weight,
        good: lineDocument(difference.good, good.quotes),
        bad: lineDocument(difference.bad, bad.quotes),
      };
    }),
    notComparable: notComparable.map(({ namespace, capture, missingIn }) => ({
      namespace,
      capture: capture ?? null,
      missingIn,
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
};
