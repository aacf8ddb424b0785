import { knows } from '../../network/namespace.ts';
import { ownerOfChain } from '../../path/netfilter/owner.ts';
import { serviceOf } from '../../path/netfilter/subject.ts';
import { virtualHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { endingOf, numberOf, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { isProxysFilter } from '../facts/no-local-endpoint.ts';
import {
  endpointsOf,
  externallyLocal,
  type Front,
  hasUsableServer,
  isClusterIp,
  isNodePort,
  kubeFront,
  sameServiceElsewhere,
  serviceName,
} from '../facts/service.ts';
import { shell } from '../facts/shell.ts';
import { isIpvsUnlisted } from '../facts/unlisted-services.ts';

/**
 * No pod stands behind the service. kube-proxy keeps an IPVS service without servers (ip_vs_leave answers with ICMP port unreachable) or
 * writes a rule that rejects the service's address.
 */
export const svcNoEndpoints: Cause = {
  id: 'svc-no-endpoints',
  group: 'B',
  layer: 'service',
  control: false,
  needs: ['ipvsadm', 'iptables-save', 'nft-ruleset', 'kubectl'],
  references: [
    'net/netfilter/ipvs/ip_vs_core.c: ip_vs_leave',
    'kubernetes pkg/proxy/iptables/proxier.go: syncProxyRules',
    'https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/',
  ],
  detect: (context) => {
    const ending = endingOf(context);
    if (!ending || context.evidence.seen === 'ok') return [];
    if (ending.step.action.code === 'ipvs-no-server') return byIpvs(context, ending);
    if (ending.step.action.code === 'no-listener' || isIpvsUnlisted(ending.step)) return withoutIpvs(context, ending);
    return byRule(context, ending);
  },
};

type Ending = NonNullable<ReturnType<typeof endingOf>>;

const byIpvs = (context: CauseContext, { step, namespace: ns }: Ending): readonly Verdict[] => {
  const { network } = context;
  const front: Front = {
    proto: step.before.proto,
    address: textOf(step, 'virtual'),
    port: numberOf(step, 'port') ?? 0,
  };
  const kube = kubeFront(network, front, isNodePort(ns, front));
  const ready = kube ? endpointsOf(network, kube).filter((e) => e.ready) : [];
  const elsewhere = sameServiceElsewhere(network, ns, front).filter((e) => hasUsableServer(e.service));
  const values = {
    virtual: front.address,
    port: front.port,
    service: serviceName(kube),
    mode: 'ipvs',
    node: step.node,
  };
  const server = ready[0]?.address ?? elsewhere[0]?.service.servers[0]?.address;
  if (server !== undefined) {
    // Somebody has a server for this service: that this node has none is a matter of traffic policy or of a proxy that does not follow.
    return [
      {
        kind: 'ruled-out',
        because: 'endpoints-elsewhere',
        values: { ...values, server, elsewhere: elsewhere[0]?.namespace.node ?? '' },
        evidence: [
          ...(elsewhere[0]
            ? [
                { source: elsewhere[0].service.source, role: 'decisive' as const },
                ...elsewhere[0].service.servers.map((s) => ({ source: s.source, role: 'decisive' as const })),
              ]
            : []),
          ...ready.slice(0, 2).map((e) => ({ source: e.source, role: 'decisive' as const })),
        ],
      },
    ];
  }
  // Of a service with the Local policy an empty list on one node says nothing about the others, which the bundle does not show.
  const local = isClusterIp(network, ns, front) !== true && externallyLocal(network, ns, front)?.value === true;
  const noEndpoints = kube !== undefined && network.kube.endpoints.length > 0;
  const confidence =
    local && !noEndpoints && ipvsNodes(context) < 2
      ? weaker('possible', confidenceOfEnd(context))
      : confidenceOfEnd(context);
  return [
    foundAt(step, {
      confidence,
      values,
      evidence: [
        ...proofsOf(step, [`${front.address}:${front.port}`]),
        ...(kube ? [{ source: kube.service.source, role: 'supporting' as const }] : []),
        ...symptomLines(context),
      ],
      fixes: [restore(step.node, kube ? serviceName(kube) : '')],
    }),
  ];
};

/** The address is one that a proxy keeps for IPVS, whose services the bundle does not show. */
const withoutIpvs = (context: CauseContext, { step, namespace: ns }: Ending): readonly Verdict[] => {
  const { dst, dport } = step.before;
  if (knows(ns, 'ipvsadm') || !virtualHolding(ns, dst) || context.evidence.seen === 'unknown') return [];
  return [
    undecided([{ kind: 'ipvsadm', namespace: ns.id }], {
      virtual: dst,
      port: dport ?? 0,
      service: '',
      mode: 'ipvs',
      node: step.node,
    }),
  ];
};

const ipvsNodes = ({ network }: CauseContext): number =>
  network.nodes.filter(({ host }) => knows(host, 'ipvsadm') && host.services.length > 0).length;

const NO_ENDPOINTS = /has no endpoints/;
/** kube-proxy's nftables mode looks the address up in a map of this name. */
const NFT_CHAIN = /^(reject-chain|.*no-endpoint.*)$/;

const byRule = (context: CauseContext, { step, namespace: ns }: Ending): readonly Verdict[] => {
  if (step.action.code !== 'rule-reject') return [];
  const chain = textOf(step, 'chain');
  const comment = textOf(step, 'comment');
  const nftables = NFT_CHAIN.test(chain);
  const iptables =
    comment === ''
      ? isProxysFilter(chain)
      : NO_ENDPOINTS.test(comment) && ownerOfChain(chain, comment) === 'kube-proxy';
  if (!nftables && !iptables) return [];
  const named = serviceOf([
    {
      source: step.proofs[0]?.source ?? { file: '', line: 0 },
      chain,
      position: 0,
      packets: undefined,
      comment,
      target: undefined,
    },
  ]);
  const front: Front = { proto: step.before.proto, address: step.before.dst, port: step.before.dport ?? 0 };
  const kube = kubeFront(context.network, front, isNodePort(ns, front));
  const ready = kube ? endpointsOf(context.network, kube).filter((e) => e.ready) : [];
  const service = kube ? serviceName(kube) : named ? `${named.namespace}/${named.name}` : '';
  const values = {
    virtual: front.address,
    port: front.port,
    service,
    mode: nftables ? 'nftables' : 'iptables',
    node: step.node,
  };
  if (ready[0])
    return [
      {
        kind: 'ruled-out',
        because: 'endpoints-elsewhere',
        values: { ...values, server: ready[0].address, elsewhere: ready[0].nodeName ?? '' },
        evidence: ready.slice(0, 2).map((e) => ({ source: e.source, role: 'decisive' as const })),
      },
    ];
  return [
    foundAt(step, {
      confidence: confidenceOfEnd(context),
      values,
      evidence: [
        ...proofsOf(step, ['has no endpoints', front.address, 'REJECT']),
        ...(kube ? [{ source: kube.service.source, role: 'supporting' as const }] : []),
        ...symptomLines(context),
      ],
      fixes: [restore(step.node, service)],
    }),
  ];
};

const restore = (node: string, service: string) => {
  const [namespace = '', name] = service.split('/');
  return {
    id: 'restore-endpoints',
    commands: name
      ? [
          commandOn(node, shell`kubectl -n ${namespace} get endpointslices -l kubernetes.io/service-name=${name}`),
          commandOn(node, shell`kubectl -n ${namespace} describe service ${name}`),
        ]
      : [],
    changes: [],
    values: { service },
  };
};
