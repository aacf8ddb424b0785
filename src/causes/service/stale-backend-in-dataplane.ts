import { knows } from '../../network/namespace.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, endingOf, numberOf, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Values, Verdict } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAtEnd, undecided } from '../facts/found.ts';
import { restartProxy } from '../facts/kube-command.ts';
import { type RulesElsewhere, rulesElsewhere } from '../facts/rules-elsewhere.ts';
import {
  endpointsOf,
  externallyLocal,
  type Front,
  hasUsableServer,
  isNodePort,
  kubeFront,
  sameServiceElsewhere,
  serviceName,
} from '../facts/service.ts';
import { shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { type Translation, translationsOf } from '../facts/translation.ts';

/** Ends that speak of a server that is not there any more. */
const GONE: ReadonlySet<string> = new Set<ActionCode>([
  'neighbour-failed',
  'no-route',
  'blackhole',
  'unreachable',
  'outside',
  'lost',
  'no-listener',
  'bridge-no-port',
]);

/**
 * The node's proxy no longer follows the API server: its tables send connections to a pod that is gone (or whose address has another owner),
 * or lack the servers that the service has.
 */
export const staleBackendInDataplane: Cause = {
  id: 'stale-backend-in-dataplane',
  group: 'B',
  layer: 'service',
  control: false,
  needs: ['kubectl', 'ipvsadm', 'iptables-save', 'ip-neigh'],
  references: ['kubernetes/kubernetes#109811', 'kubernetes/kubernetes#112477', 'kubernetes pkg/proxy: syncProxyRules'],
  explains: [
    'neigh-failed-next-hop',
    'targetport-no-listener-rst',
    'svc-no-endpoints',
    'podcidr-route-missing',
    'blackhole-or-unreachable-route',
  ],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const ending = endingOf(context);
    if (!ending) return [];
    return ending.step.action.code === 'ipvs-no-server' ? missing(context, ending) : stale(context, ending);
  },
};

type Ending = NonNullable<ReturnType<typeof endingOf>>;

const stale = (context: CauseContext, ending: Ending): readonly Verdict[] => {
  const { network } = context;
  const t = translationsOf(context).at(-1);
  if (!t || ending.leg.direction !== 'forward' || !GONE.has(ending.leg.end.reason)) return [];
  const ns = t.namespace;
  const front: Front = { proto: t.step.before.proto, address: t.virtual, port: t.port };
  const kube = kubeFront(network, front, isNodePort(ns, front));
  const endpoints = kube ? endpointsOf(network, kube) : [];
  const known = kube !== undefined && endpoints.length > 0;
  const listed = endpoints.find((e) => e.address === t.server && (e.port === undefined || e.port === t.serverPort));
  const others = sameServiceElsewhere(network, ns, front).filter((e) => hasUsableServer(e.service));
  const elsewhere = others.filter(
    (e) => !e.service.servers.some((s) => s.address === t.server && s.port === t.serverPort),
  );
  const pod = network.kube.pods.find(
    (p) => p.ips.includes(t.server) && p.phase !== 'Succeeded' && p.phase !== 'Failed',
  );
  const values = {
    virtual: t.virtual,
    port: t.port,
    server: t.server,
    serverPort: t.serverPort,
    service: serviceName(kube),
    endpoints: endpoints.filter((e) => e.ready).map((e) => e.address),
    other: elsewhere[0]?.namespace.node ?? '',
    form: 'stale',
    via: ns.node,
    owner: pod ? `${pod.namespace}/${pod.name}` : '',
  };
  if (listed)
    return [{ kind: 'ruled-out', because: 'server-is-endpoint', values, evidence: decisiveLine(listed, [t.server]) }];
  const localPolicy = externallyLocal(network, ns, front)?.value === true;
  if (!known && (elsewhere.length === 0 || localPolicy)) {
    // The address has a living owner in the bundle: the way to it is broken, not the table.
    if (network.owners(t.server).length > 0) return [];
    const rules = localPolicy ? [] : rulesElsewhere(context, t, ending.step.node);
    const form = isSilent(ending, t) ? 'dead' : 'stale';
    // Behind a gateway, a tunnel or a refusing route the server may live, unless another node knows better.
    if (form === 'stale' && rules.length === 0) return unlisted(context, t, values);
    return deadEnd(context, ending, t, { ...values, form, other: rules[0]?.node ?? '' }, rules);
  }
  const server = ns.services
    .find((s) => s.address === t.virtual && s.port === t.port && s.proto === front.proto)
    ?.servers.find((s) => s.address === t.server && s.port === t.serverPort);
  if (server?.weight === 0) return [];
  const others2 = endpoints.filter((e) => e.ready).slice(0, 3);
  const found = foundAtEnd(context, {
    confidence: known ? confidenceOfEnd(context) : weaker('likely', confidenceOfEnd(context)),
    values,
    evidence: [
      ...proofsOf(t.step, [t.virtual, t.server]),
      ...(kube ? supportingLine(kube.service) : []),
      ...others2.flatMap((e) => decisiveLine(e, [e.address])),
      ...elsewhere
        .slice(0, 2)
        .flatMap(({ service }) => [
          ...decisiveLine(service, [`${service.address}:${service.port}`]),
          ...service.servers.slice(0, 3).flatMap((s) => decisiveLine(s)),
        ]),
      ...proofsOf(ending.step),
      ...symptomLines(context),
    ],
    fixes: [
      {
        id: 'resync-proxy',
        commands: [restartProxy(ns.node)],
        changes: server ? [{ namespace: ns.id, op: 'delete', what: 'real-server', source: server.source }] : [],
        values: { server: t.server, via: ns.node },
      },
    ],
  });
  return found ? [found] : [];
};

/** No node of the bundle has the server, the flow was seen to fail, and what the API server says of the service was not captured. */
const unlisted = (context: CauseContext, t: Translation, values: Values): readonly Verdict[] =>
  isSeenFailing(context) && context.network.kube.endpoints.length === 0
    ? [undecided([{ kind: 'kubectl', namespace: t.namespace.id }], values)]
    : [];

/** Nobody answers for the server's own address, on its own link. */
const isSilent = ({ namespace, step, leg }: Ending, t: Translation): boolean =>
  leg.end.reason === 'neighbour-failed' &&
  textOf(step, 'address') === t.server &&
  namespace.links.get(textOf(step, 'device'))?.vxlan === undefined;

/** Whatever the API server says, the tables name a server that is not there. */
const deadEnd = (
  context: CauseContext,
  ending: Ending,
  t: Translation,
  values: Values,
  rules: readonly RulesElsewhere[],
): readonly Verdict[] => {
  const found = foundAtEnd(context, {
    confidence: confidenceOfEnd(context),
    values,
    evidence: [
      ...proofsOf(t.step, [t.virtual, t.server]),
      ...proofsOf(ending.step, [t.server]),
      ...rules.slice(0, 2).flatMap(({ steps }) => steps.slice(0, 2).flatMap((step) => proofsOf(step))),
      ...symptomLines(context),
    ],
    fixes: [
      {
        id: 'resync-proxy',
        commands: [commandOn(t.namespace.node, shell`kubectl get endpointslices -A -o wide | grep -F ${t.server}`)],
        changes: [],
        values: { server: t.server, via: t.namespace.node },
      },
    ],
  });
  return found ? [found] : [];
};

/** An empty service of which the API server, or every other node, knows servers. */
const missing = (context: CauseContext, { step, namespace: ns }: Ending): readonly Verdict[] => {
  const { network } = context;
  const front: Front = {
    proto: step.before.proto,
    address: textOf(step, 'virtual'),
    port: numberOf(step, 'port') ?? 0,
  };
  const kube = kubeFront(network, front, isNodePort(ns, front));
  const ready = kube ? endpointsOf(network, kube).filter((e) => e.ready) : [];
  const local =
    kube?.kind === 'cluster'
      ? kube.service.internalTrafficPolicy === 'Local'
      : externallyLocal(network, ns, front)?.value === true;
  // Without the service object an empty ClusterIP is as well one with the internal Local policy.
  if (!kube || local || ready.length === 0 || !knows(ns, 'ipvsadm')) return [];
  const values = {
    virtual: front.address,
    port: front.port,
    server: '',
    serverPort: 0,
    service: serviceName(kube),
    endpoints: ready.map((e) => e.address),
    other: '',
    form: 'missing',
    via: ns.node,
    owner: '',
  };
  const found = foundAtEnd(context, {
    confidence: confidenceOfEnd(context),
    values,
    evidence: [
      ...proofsOf(step, [`${front.address}:${front.port}`]),
      ...ready.slice(0, 3).flatMap((e) => decisiveLine(e, [e.address])),
      ...symptomLines(context),
    ],
    fixes: [
      {
        id: 'resync-proxy',
        commands: [restartProxy(ns.node)],
        changes: ready.slice(0, 1).flatMap((e) => {
          const service = ns.services.find((s) => s.address === front.address && s.port === front.port);
          return service && e.port !== undefined
            ? [
                {
                  namespace: ns.id,
                  op: 'add' as const,
                  what: 'real-server' as const,
                  service: service.source,
                  record: {
                    address: e.address,
                    port: e.port,
                    method: 'masq' as const,
                    weight: 1,
                    active: undefined,
                    inactive: undefined,
                    counters: undefined,
                  },
                },
              ]
            : [];
        }),
        values: { server: ready[0]?.address ?? '', via: ns.node },
      },
    ],
  });
  return found ? [found] : [];
};
