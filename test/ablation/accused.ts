import type { Finding } from '../../src/causes/facts/finding.ts';
import { completeQuestion } from '../../src/evidence/complete.ts';
import { brokenFlows } from '../../src/judging/broken-flows.ts';
import { judgeFlow, strongerFirst } from '../../src/judging/judge.ts';
import type { Network } from '../../src/network/network.ts';
import type { FlowQuestion } from '../../src/path/walk-result.ts';
import type { Truth } from '../recorded-cases.ts';

/** The flow that the truth is about; its sender may have been taken away. */
const questionOf = (network: Network, { flow }: Truth): FlowQuestion => {
  const pod = flow.startPod === undefined ? '' : `/${flow.startPod}`;
  const start = flow.startNode === undefined ? undefined : flow.startNode + pod;
  return {
    proto: flow.proto,
    src: flow.src,
    sport: flow.sport,
    dst: flow.dst,
    dport: flow.dport,
    start: start !== undefined && network.namespaces.has(start) ? start : undefined,
  };
};

/** Root causes of the flow that the truth is about, the most likely first. */
export const causesOfFlow = (network: Network, truth: Truth): readonly Finding[] =>
  judgeFlow(network, completeQuestion(network, questionOf(network, truth)), 'f1').found;

/** Root causes of all flows that look broken, where nobody asked. */
export const causesAlone = (network: Network): readonly Finding[] =>
  brokenFlows(network)
    .flatMap((judged) => [...judged.found])
    .sort(strongerFirst);
