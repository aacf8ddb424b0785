import { serviceOf } from '../path/netfilter/subject.ts';
import { proofsOf, supportingLine } from './ending.ts';
import { confidenceOfEnd, symptomLines } from './facts/confidence.ts';
import { foundAt } from './facts/found.ts';
import { noLocalEndpoint } from './facts/no-local-endpoint.ts';
import { isNodePort, kubeFront, serviceName } from './facts/service.ts';
import type { Cause } from './finding.ts';

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
    if (!drop || drop.internal) return [];
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
    const [namespace, name] = service === '' ? ['NAMESPACE', 'NAME'] : service.split('/');
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
            commands: [
              {
                node: ns.node,
                command: `kubectl -n ${namespace} get endpointslices -l kubernetes.io/service-name=${name} -o wide`,
              },
            ],
            changes: [],
            values: { virtual: front.address, port: front.port },
          },
        ],
      }),
    ];
  },
};
