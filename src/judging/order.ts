import { gatherEvidence } from '../evidence/gather.ts';
import { type FlowEvidence, isAnswerSeen } from '../evidence/observation.ts';
import type { Network } from '../network/network.ts';
import { asWalked, type WalkBranch, type WalkedFlow } from '../path/walk-result.ts';

/** How well a branch fits what was seen: entries that it predicts, entries that it cannot explain, the client's fate. */
const fitness = (branch: WalkBranch, evidence: FlowEvidence): number => {
  const agreeing = evidence.entries.filter((e) => e.agrees === true).length;
  const differing = evidence.entries.filter((e) => e.agrees === false).length;
  const failing = branch.outcome !== 'delivered';
  const fate =
    evidence.seen === 'unknown' || branch.outcome === 'unknown' ? 0 : (evidence.seen !== 'ok') === failing ? 1 : -1;
  const refuted = branch.reply === undefined && isAnswerSeen(evidence) ? 4 : 0;
  return 3 * agreeing - 3 * differing + 2 * fate - refuted + Math.min(evidence.packets.length, 10) / 20 + branch.share;
};

const CONSIDERED = 12;

/** The walk with the branch first that observation confirms, and that branch's evidence. */
export const orderByEvidence = (
  network: Network,
  flow: WalkedFlow,
): { readonly flow: WalkedFlow; readonly evidence: FlowEvidence } => {
  const ranked = flow.branches.slice(0, CONSIDERED).map((branch) => {
    const evidence = gatherEvidence(network, asWalked(flow, branch), branch);
    return { branch, evidence, fit: fitness(branch, evidence) };
  });
  const best = [...ranked].sort((a, b) => b.fit - a.fit)[0];
  if (!best) return { flow, evidence: gatherEvidence(network, flow) };
  return {
    flow: { ...flow, branches: [best.branch, ...flow.branches.filter((b) => b !== best.branch)] },
    evidence: best.evidence,
  };
};
