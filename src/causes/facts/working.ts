import type { CauseContext, Confidence } from './finding.ts';

/** How sure a healthy pattern is: certain where the flow was seen to work, likely where only the walk says so, undefined where it fails. */
export const confidenceOfWorking = (context: CauseContext): Confidence | undefined => {
  const { seen } = context.evidence;
  if (seen === 'ok') return 'certain';
  return seen === 'unknown' && context.branch.outcome === 'delivered' ? 'likely' : undefined;
};
