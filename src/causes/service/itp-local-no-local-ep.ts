import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, endingOf, numberOf, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { patchService } from '../facts/kube-command.ts';
import { noLocalEndpoint } from '../facts/no-local-endpoint.ts';
import {
  hasUsableServer,
  isClusterIp,
  type KubeFront,
  kubeFront,
  sameServiceElsewhere,
  serviceName,
} from '../facts/service.ts';

/** `internalTrafficPolicy: Local`: a ClusterIP serves only from the client's own node, and this one has no endpoint. */
export const itpLocalNoLocalEp: Cause = {
  id: 'itp-local-no-local-ep',
  group: 'C',
  layer: 'service',
  control: false,
  needs: ['kubectl', 'ipvsadm', 'iptables-save'],
  references: ['https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/'],
  explains: ['svc-no-endpoints', 'forward-chain-drop'],
  detect: (context) => {
    const drop = noLocalEndpoint(context);
    if (drop?.internal) return byRule(context, drop);
    const ending = endingOf(context);
    if (ending?.step.action.code !== 'ipvs-no-server' || context.evidence.seen === 'ok') return [];
    return byIpvs(context, ending);
  },
};

const byRule = (context: CauseContext, drop: NonNullable<ReturnType<typeof noLocalEndpoint>>): readonly Verdict[] => {
  const { step, namespace: ns } = drop.ending;
  const front = { proto: step.before.proto, address: step.before.dst, port: step.before.dport ?? 0 };
  const kube = kubeFront(context.network, front, false);
  return [
    foundAt(step, {
      confidence: confidenceOfEnd(context),
      values: { virtual: front.address, port: front.port, service: serviceName(kube), mode: 'iptables', elsewhere: '' },
      evidence: [
        ...proofsOf(step, ['has no local endpoints']),
        ...(kube ? decisiveLine(kube.service) : []),
        ...symptomLines(context),
      ],
      fixes: [policyCluster(ns.node, kube)],
    }),
  ];
};

const byIpvs = (
  context: CauseContext,
  { step, namespace: ns }: NonNullable<ReturnType<typeof endingOf>>,
): readonly Verdict[] => {
  const front = { proto: step.before.proto, address: textOf(step, 'virtual'), port: numberOf(step, 'port') ?? 0 };
  if (isClusterIp(context.network, ns, front) !== true) return [];
  const kube = kubeFront(context.network, front, false);
  const others = sameServiceElsewhere(context.network, ns, front).filter((e) => hasUsableServer(e.service));
  const values = {
    virtual: front.address,
    port: front.port,
    service: serviceName(kube),
    mode: 'ipvs',
    elsewhere: others[0]?.namespace.node ?? '',
  };
  if (kube && kube.service.internalTrafficPolicy !== 'Local') return [];
  if (!kube && others.length === 0) return [];
  const service = ns.services.find(
    (s) => s.address === front.address && s.port === front.port && s.proto === front.proto,
  );
  const server = others[0]?.service.servers[0];
  if (!kube && context.evidence.seen === 'unknown') return [undecided([{ kind: 'kubectl', namespace: ns.id }], values)];
  return [
    foundAt(step, {
      // A proxy that lags behind leaves the same picture, which only the service object tells apart.
      confidence: kube ? confidenceOfEnd(context) : weaker('likely', confidenceOfEnd(context)),
      values,
      evidence: [
        ...proofsOf(step, [`${front.address}:${front.port}`]),
        ...(kube ? decisiveLine(kube.service) : []),
        ...others
          .slice(0, 2)
          .flatMap((e) => [
            ...decisiveLine(e.service),
            ...e.service.servers.slice(0, 2).flatMap((s) => supportingLine(s)),
          ]),
        ...symptomLines(context),
      ],
      fixes: [
        {
          ...policyCluster(ns.node, kube),
          changes:
            service && server
              ? [
                  {
                    namespace: ns.id,
                    op: 'add' as const,
                    what: 'real-server' as const,
                    service: service.source,
                    record: (({ source: _, ...record }) => record)(server),
                  },
                ]
              : [],
        },
      ],
    }),
  ];
};

const policyCluster = (node: string, kube: KubeFront | undefined) => ({
  id: 'policy-cluster',
  commands: kube ? [patchService(node, kube, { internalTrafficPolicy: 'Cluster' })] : [],
  changes: [],
  values: { service: serviceName(kube) },
});
