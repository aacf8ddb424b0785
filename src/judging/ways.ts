import type { CauseContext, Confidence } from '../causes/facts/finding.ts';
import type { Network } from '../network/network.ts';
import type { Step } from '../path/step.ts';
import type { Assumption, AssumptionCode } from '../path/vocabulary/assumptions.ts';
import { decidingLeg, type WalkBranch, type WalkedFlow } from '../path/walk-result.ts';

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

/**
 * What is no gap in the captures of the nodes: a choice that the kernel makes among ways that are all known, what follows from captured addresses or packets, and the wire
 * between two nodes (with a NAT on it where the SPI names the other end), which no capture of a node tells.
 */
const NO_GAP: ReadonlySet<string> = new Set<AssumptionCode>([
  'ipvs-any-server',
  'clusterip-hash',
  'mark-by-hash',
  'within-limit',
  'local-table-assumed',
  'outer-mark-cleared',
  'network-between',
  'nat-between',
]);

/** Rules of a pod's own, of which it has none; or a question that the walk followed both ways. */
const isAnswered = (network: Network, { code, values, missing }: Assumption, hasAllWays: boolean): boolean => {
  if (NO_GAP.has(code)) return true;
  if (code !== 'rules-not-captured') return hasAllWays && ('matched' in values || 'taken' in values);
  const ns = network.namespaces.get(missing?.namespace ?? '');
  return ns !== undefined && ns.name !== '';
};

/**
 * A way rests on captured state, there and back: nothing was taken for granted and nothing inferred. What a rule or a set that was not captured leaves open is no gap where
 * the packet arrives whichever way it is answered.
 */
export const isExamined = (network: Network, flow: WalkedFlow, branch: WalkBranch): boolean => {
  const hasAllWays = !flow.cut && flow.branches.every(({ outcome }) => outcome === 'delivered');
  return branch.assumptions.every((assumption) => isAnswered(network, assumption, hasAllWays));
};
