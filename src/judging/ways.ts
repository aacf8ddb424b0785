import type { CauseContext, Confidence } from '../causes/facts/finding.ts';
import type { Step } from '../path/step.ts';
import { decidingLeg, type WalkBranch } from '../path/walk-result.ts';

/**
 * The most that a finding can be which rests on a way that the walk took for granted, since a host's addresses or routes were not captured: `likely` where every way that fits what was
 * seen ends alike, by the same lines; else `possible`.
 */
export const mostOfWays = (context: CauseContext): Confidence => {
  const { branch, flow, evidence } = context;
  if (!takesForGranted(branch)) return 'certain';
  const isFailing = evidence.seen !== 'unknown' && evidence.seen !== 'ok';
  const others = flow.branches.filter((other) => other !== branch && !(isFailing && other.outcome === 'delivered'));
  const end = endOf(branch);
  return !flow.cut && others.every((other) => endOf(other) === end) ? 'likely' : 'possible';
};

/** Whether the walk began, or went on, in a way that no captured address or route tells. */
export const takesForGranted = (branch: WalkBranch): boolean =>
  branch.assumptions.some(({ code }) => code === 'way-assumed' || code === 'origin-assumed');

const endOf = (branch: WalkBranch): string => {
  const { end, steps } = decidingLeg(branch);
  return `${end.outcome} ${end.node} ${end.namespace} ${end.reason} ${linesOf(steps.at(-1))}`;
};

const linesOf = (step: Step | undefined): string =>
  (step?.proofs ?? [])
    .filter(({ role }) => role === 'decisive')
    .map(({ source }) => `${source.file}:${source.line}`)
    .join();
