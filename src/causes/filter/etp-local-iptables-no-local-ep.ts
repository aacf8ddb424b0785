import { serviceOf } from '../../path/netfilter/subject.ts';
import { senderOf } from '../../path/walk-result.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { namespaceId, proofsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { listEndpoints } from '../facts/kube-command.ts';
import { noLocalEndpoint } from '../facts/no-local-endpoint.ts';
import { rulesCaptured } from '../facts/rules.ts';
import { endpointsOf, isNodePort, kubeFront, serviceName, virtualService } from '../facts/service.ts';

/** `externalTrafficPolicy: Local` in kube-proxy's iptables mode: a node without an endpoint drops what comes for the service from outside. */
export const etpLocalIptablesNoLocalEp: Cause = {
  id: 'etp-local-iptables-no-local-ep',
  group: 'B',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'nft-ruleset', 'kubectl'],
  references: ['kubernetes pkg/proxy/iptables/proxier.go: syncProxyRules', 'kubernetes/kubernetes#77523'],
  explains: ['forward-chain-drop', 'ipvs-input-chain-drop'],
  detect: (context) => {
    const drop = noLocalEndpoint(context);
    if (!drop) return unlisted(context);
    if (drop.internal) return [];
    const { step, namespace: ns } = drop.ending;
    const { question } = context.flow;
    const front = { proto: question.proto, address: question.dst, port: question.dport ?? 0 };
    const kube = kubeFront(context.network, front, isNodePort(ns, front));
    const named = serviceOf([
      {
        source: ns.captureSources.get('iptables-save')?.[0] ?? { file: '', line: 0 },
        chain: drop.chain,
        position: 0,
        packets: undefined,
        comment: drop.comment,
        target: undefined,
      },
    ]);
    const service = kube ? serviceName(kube) : named ? `${named.namespace}/${named.name}` : '';
    return [
      foundAt(step, {
        confidence: confidenceOfEnd(context),
        values: {
          virtual: front.address,
          port: front.port,
          service,
          chain: drop.chain,
          packets: Number(step.action.values.packets ?? -1),
        },
        evidence: [
          ...proofsOf(step, ['has no local endpoints', 'DROP']),
          ...(kube ? supportingLine(kube.service) : []),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'use-endpoint-nodes',
            commands: kube ? [listEndpoints(ns.node, kube)] : [],
            changes: [],
            values: { virtual: front.address, port: front.port },
          },
        ],
      }),
    ];
  },
};

/** A client from elsewhere waits for a service with the Local policy, and the rules of the node that it asks, which has no endpoint of the service, were not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  const { network, flow, branch } = context;
  const { question } = flow;
  if (context.evidence.seen !== 'timeout') return [];
  const from = senderOf(question)?.split('/')[0];
  const asked = branch.forward.steps.find((s) => s.node !== from && s.before.dst === question.dst);
  const ns = asked && network.namespaces.get(namespaceId(asked));
  if (ns?.name !== '' || rulesCaptured(ns)) return [];
  const front = { proto: question.proto, address: question.dst, port: question.dport ?? 0 };
  const kube = kubeFront(network, front, isNodePort(ns, front));
  // With IPVS it is no rule that drops.
  if (kube?.service.externalTrafficPolicy !== 'Local' || kube.kind === 'cluster' || virtualService(ns, front))
    return [];
  if (endpointsOf(network, kube).some((e) => e.ready && e.nodeName === ns.node)) return [];
  const values = { virtual: front.address, port: front.port, service: serviceName(kube) };
  return [undecided([{ kind: 'iptables-save', namespace: ns.id }], values)];
};
