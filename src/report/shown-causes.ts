import type { Finding, FlowAnalysis } from '../causes/facts/finding.ts';
import type { Analysis } from '../judging/analysis.ts';

/** Causes of one flow that are only possible and are still shown; the JSON output has all. */
const POSSIBLE = 3;

/** The causes that a reader is shown: every certain and likely one, and of those that are only possible a few of each flow. `more`: how many are left out. */
export const shownCauses = (analysis: Analysis): { readonly shown: readonly Finding[]; readonly more: number } => {
  const times = new Map<string, number>();
  const shown = analysis.rootCauses.filter((finding) => {
    if (finding.confidence !== 'possible') return true;
    const flow = finding.flow ?? '';
    const before = times.get(flow) ?? 0;
    times.set(flow, before + 1);
    return before < POSSIBLE;
  });
  return { shown, more: analysis.rootCauses.length - shown.length };
};

/** Whether the verdict calls a flow healthy: nothing else is ever marked as good. */
export const isHealthy = (analysis: Analysis, flow: FlowAnalysis): boolean =>
  analysis.verdict.examined.flows.some(({ id, code }) => id === flow.id && code === 'healthy');
