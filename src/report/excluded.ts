import type { RuledOutFinding } from '../causes/facts/finding.ts';
import type { Analysis } from '../judging/analysis.ts';
import { type Prose, plainText } from './prose.ts';
import { findingContext } from './wording.ts';
import type { Words } from './words.ts';

/** Causes that one fact excludes. */
export interface Excluded {
  readonly ids: readonly string[];
  readonly because: Prose;
  readonly evidence: RuledOutFinding['evidence'];
}

/** The causes that were ruled out, put together where the same words and lines exclude several. */
export const excludedOf = (analysis: Analysis, words: Words): readonly Excluded[] => {
  const groups = new Map<string, { ids: Set<string>; because: Prose; evidence: RuledOutFinding['evidence'] }>();
  for (const finding of analysis.ruledOut) {
    const flow = analysis.flows.find((f) => f.id === finding.flow);
    const because = words.ruledOut(finding.id, finding.because, findingContext(finding, flow));
    const key = [plainText(because), ...finding.evidence.map((e) => `${e.source.file}:${e.source.line}`)].join('\n');
    const group = groups.get(key) ?? { ids: new Set<string>(), because, evidence: finding.evidence };
    group.ids.add(finding.id);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ ids, ...rest }) => ({ ...rest, ids: [...ids] }));
};
