import type { FlowAnalysis } from '../../causes/facts/finding.ts';
import type { Comparison } from '../../compare/compare.ts';
import type { StateLine } from '../../compare/state-line.ts';
import type { Step } from '../../path/step.ts';
import type { Quotable } from '../../records/quotable.ts';
import type { Source } from '../../records/source.ts';

/** Text of quoted lines, by file and line. */
export type Quotes = ReadonlyMap<string, ReadonlyMap<number, Quotable>>;

/** One of the two bundles, with the flow as it goes in it. */
export interface DiffSide {
  readonly name: string;
  readonly flow: FlowAnalysis;
  readonly quotes: Quotes;
}

/** Everything that `analyze diff` tells. */
export interface FlowDifference {
  readonly good: DiffSide;
  readonly bad: DiffSide;
  readonly comparison: Comparison;
}

/** Lines under a record's first that belong to it: the templates of a policy, the algorithms of an SA. Their keys are masked. */
const CONTINUED = 3;
const hasMore = (line: StateLine): boolean => line.kind === 'xfrm-policy' || line.kind === 'xfrm-state';

/** The lines of one side that its output quotes. */
export const quotedOf = (comparison: Comparison, side: 'good' | 'bad'): readonly Source[] => [
  ...(comparison.parting?.[side]?.proofs ?? []).map((proof) => proof.source),
  ...comparison.differences.flatMap((difference) => {
    const line = difference[side];
    if (!line) return [];
    return Array.from({ length: hasMore(line) ? 1 + CONTINUED : 1 }, (_, i) => ({
      file: line.source.file,
      line: line.source.line + i,
    }));
  }),
];

/** A line of state as the bundle shows it, on one line. */
export const lineText = (line: StateLine, quotes: Quotes): string => {
  const at = (n: number): string => quotes.get(line.source.file)?.get(line.source.line + n) ?? '';
  const more: string[] = [];
  if (hasMore(line)) for (let n = 1; n <= CONTINUED && /^\s+\S/.test(at(n)); n += 1) more.push(at(n).trim());
  return [at(0).trim(), ...more].join(' ');
};

/** Where the flow's ways part, as a place: the failing side's, whose way may be over there. */
export const partingStep = (comparison: Comparison): Step | undefined =>
  comparison.parting?.bad ?? comparison.parting?.good ?? comparison.parting?.shared;

export const placeOf = (step: Step): string => (step.namespace === '' ? step.node : `${step.node}/${step.namespace}`);
