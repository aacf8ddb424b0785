import { knows } from '../../network/namespace.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { endingOf, numberOf, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { clusterPolicy } from '../facts/policy-fix.ts';
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
import { isSeenFailing } from '../facts/trace.ts';

/**
 * `externalTrafficPolicy: Local` on a node that has no endpoint of the service. kube-proxy before 1.24 keeps the IPVS service there without
 * any server, and ip_vs_leave refuses whoever comes.
 */
export const etpLocalEmptyRsRefused: Cause = {
  id: 'etp-local-empty-rs-refused',
  group: 'A',
  layer: 'ipvs',
  control: false,
  needs: ['ipvsadm', 'ipset', 'kubectl'],
  references: [
    'net/netfilter/ipvs/ip_vs_core.c: ip_vs_leave',
    'kubernetes pkg/proxy/ipvs/proxier.go: syncEndpoint',
    'kubernetes/kubernetes#75262',
    'kubernetes/kubernetes#71596',
  ],
  versions: 'kube-proxy ipvs before 1.24',
  explains: ['svc-no-endpoints', 'stale-backend-in-dataplane'],
  detect: (context) => {
    const ending = endingOf(context);
    if (ending?.step.action.code !== 'ipvs-no-server' || context.evidence.seen === 'ok') return [];
    return verdict(context, ending);
  },
};

const verdict = (
  context: CauseContext,
  { step, namespace: ns }: NonNullable<ReturnType<typeof endingOf>>,
): readonly Verdict[] => {
  const { network } = context;
  const front: Front = {
    proto: step.before.proto,
    address: textOf(step, 'virtual'),
    port: numberOf(step, 'port') ?? 0,
  };
  if (isClusterIp(network, ns, front) === true) return [];
  const policy = externallyLocal(network, ns, front);
  const kube = kubeFront(network, front, isNodePort(ns, front));
  const elsewhere = sameServiceElsewhere(network, ns, front).filter((e) => hasUsableServer(e.service));
  const remote = kube ? endpointsOf(network, kube).filter((e) => e.ready) : [];
  const server = elsewhere[0]?.service.servers[0]?.address ?? remote[0]?.address;
  const values = {
    virtual: front.address,
    port: front.port,
    service: serviceName(kube),
    server: server ?? '',
    elsewhere: [...new Set(elsewhere.map((e) => e.namespace.node))],
    set: policy?.by ?? '',
    untold: policy === undefined,
  };
  if (server === undefined) return [];
  // A node without a server where others have some: by the policy, which the sets would tell, or by a proxy that does not follow.
  const isUntold = policy === undefined && !knows(ns, 'ipset');
  const open = isUntold ? [undecided([{ kind: 'ipset', namespace: ns.id }], values)] : [];
  if (isUntold && (elsewhere.length === 0 || !isSeenFailing(context))) return open;
  if (!isUntold && policy?.value !== true)
    return [
      {
        kind: 'ruled-out',
        because: 'policy-cluster',
        values,
        evidence: policy?.source ? [{ source: policy.source, role: 'decisive' }] : [],
      },
    ];
  return [
    ...open,
    foundAt(step, {
      confidence: isUntold ? 'possible' : confidenceOfEnd(context),
      values,
      evidence: [
        ...proofsOf(step, [`${front.address}:${front.port}`]),
        ...(policy?.source ? [{ source: policy.source, role: 'decisive' as const }] : []),
        ...elsewhere
          .slice(0, 2)
          .flatMap(({ service }) => [
            { source: service.source, role: 'decisive' as const, words: [`${service.address}:${front.port}`] },
            ...service.servers.slice(0, 2).map((s) => ({ source: s.source, role: 'decisive' as const })),
          ]),
        ...remote.slice(0, 2).map((e) => ({ source: e.source, role: 'decisive' as const })),
        ...symptomLines(context),
      ],
      fixes: [clusterPolicy(ns, front, kube, elsewhere)],
    }),
  ];
};
