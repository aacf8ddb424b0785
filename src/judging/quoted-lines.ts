import { legsOfBranch } from '../path/walk-result.ts';
import type { Source } from '../records/source.ts';
import type { Analysis } from './analysis.ts';
import { withConsequences } from './consequences.ts';

/** Every line that any output may quote. */
export const quotedLines = (analysis: Omit<Analysis, 'quotes'>): readonly Source[] => {
  const findings = [...analysis.rootCauses, ...analysis.observations].flatMap(withConsequences);
  return [
    ...findings.flatMap((f) => f.evidence.map((line) => line.source)),
    ...analysis.ruledOut.flatMap((r) => r.evidence.map((line) => line.source)),
    ...analysis.flows.flatMap((flow) => flow.question.entry?.sources ?? []),
    ...analysis.flows.flatMap((flow) =>
      flow.walked.branches
        .slice(0, 1)
        .flatMap((b) =>
          legsOfBranch(b).flatMap((leg) => leg.steps.flatMap((s) => s.proofs.map((proof) => proof.source))),
        ),
    ),
    ...analysis.notes.flatMap((note) => note.sources),
    ...analysis.verdict.evidence.map((line) => line.source),
    ...analysis.verdict.askable.map((flow) => flow.source),
  ];
};
