import type { NetNamespace } from '../../network/namespace.ts';
import { senderOf } from '../../path/walk-result.ts';
import { MATRIX, type MatrixRow } from '../facts/ack-rows.ts';
import { virtualHolding } from '../facts/address.ts';
import { symptomLines } from '../facts/confidence.ts';
import { endingOf, numberOf, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { askedService } from '../facts/front.ts';
import { externallyLocal, type Front, frontKind, hasUsableServer, sameServiceElsewhere } from '../facts/service.ts';

/** Which row of the table of service addresses, traffic policies and clients this flow is, and whether it went as the row says. */
export const ackMatrix: Cause = {
  id: 'ack-matrix',
  group: 'C',
  layer: 'service',
  control: true,
  needs: ['ipvsadm', 'ipset', 'conntrack'],
  references: ['kubernetes/kubernetes#97081', 'kubernetes pkg/proxy/ipvs/proxier.go'],
  detect: (context) => {
    const flow = describe(context);
    if (!flow) return [];
    const row = MATRIX.find((candidate) => fits(candidate, flow));
    if (!row) return [];
    const { seen } = context.evidence;
    const works = seen === 'unknown' ? context.branch.outcome === 'delivered' : seen === 'ok';
    // A ClusterIP is in every bundle: it is worth a word only where it works.
    if (row.row === 'M20' && !works) return [];
    const source = row.row === 'M20' && flow.masqueraded ? 'lost' : row.source;
    return [
      foundAt(flow.step, {
        confidence: seen === 'unknown' ? 'likely' : 'certain',
        values: {
          row: row.row,
          virtual: flow.front.address,
          port: flow.front.port,
          policy: flow.policy ?? '',
          generation: row.generation ?? '',
          front: flow.kind,
          client: flow.client,
          endpoint: flow.endpoint,
          masqueraded: flow.masqueraded,
          works: row.works,
          source,
          agrees: works === row.works,
        },
        evidence: [...proofsOf(flow.step, [flow.front.address]), ...symptomLines(context)],
      }),
    ];
  },
};

interface Described {
  readonly step: NonNullable<ReturnType<typeof endingOf>>['step'];
  readonly front: Front;
  readonly kind: MatrixRow['front'][number];
  readonly client: MatrixRow['client'][number];
  readonly generation: MatrixRow['generation'];
  readonly policy: MatrixRow['policy'];
  readonly endpoint: NonNullable<MatrixRow['endpoint']>;
  readonly masqueraded: boolean;
}

const fits = (row: MatrixRow, flow: Described): boolean =>
  row.front.includes(flow.kind) &&
  row.client.includes(flow.client) &&
  (row.policy === undefined || row.policy === flow.policy) &&
  (row.endpoint === undefined || row.endpoint === flow.endpoint) &&
  (row.masqueraded === undefined || row.masqueraded === flow.masqueraded) &&
  (row.generation === undefined || row.generation === flow.generation);

const describe = (context: CauseContext): Described | undefined => {
  const asked = askedService(context);
  if (asked?.translation.by === 'ipvs') {
    const { namespace: ns, front } = asked;
    const kind = kindOf(asked.kind);
    const policy = policyOf(asked.local?.value);
    if (!kind || (kind !== 'cluster-ip' && policy === undefined)) return undefined;
    const endpoint = asked.here ? 'here' : 'elsewhere';
    return {
      step: asked.translation.step,
      front,
      kind,
      client: clientOf(context, ns),
      generation: generationOf(context, ns, front, endpoint),
      policy,
      endpoint,
      masqueraded: asked.sourceNat !== undefined,
    };
  }
  return asked ? undefined : refused(context);
};

/** Flows that no server took: an empty virtual service, or a port without one. */
const refused = (context: CauseContext): Described | undefined => {
  const ending = endingOf(context);
  if (ending?.leg.direction !== 'forward') return undefined;
  const { step, namespace: ns } = ending;
  const client = clientOf(context, ns);
  if (step.action.code === 'ipvs-no-server') {
    const front = { proto: step.before.proto, address: textOf(step, 'virtual'), port: numberOf(step, 'port') ?? 0 };
    const kind = kindOf(frontKind(context.network, ns, front));
    const elsewhere = sameServiceElsewhere(context.network, ns, front).some((e) => hasUsableServer(e.service));
    const policy = policyOf(externallyLocal(context.network, ns, front)?.value);
    if (!kind || kind === 'cluster-ip' || policy !== 'Local' || !elsewhere) return undefined;
    return { step, front, kind, client, generation: 'before-1.24', policy, endpoint: 'elsewhere', masqueraded: false };
  }
  const { proto, dst, dport } = step.before;
  const refusedHere = step.action.code === 'no-listener' || textOf(step, 'chain').endsWith('IPVS-FILTER');
  const served = ns.services.filter((s) => s.address === dst);
  if (!refusedHere || dport === undefined || served.length === 0 || !virtualHolding(ns, dst)) return undefined;
  const front = { proto, address: dst, port: dport };
  const kinds = served.map((s) => kindOf(frontKind(context.network, ns, { ...front, port: s.port ?? 0 })));
  if (!kinds.includes('balancer') || served.some((s) => s.port === dport && s.proto === proto)) return undefined;
  return {
    step,
    front,
    kind: 'balancer',
    client,
    generation: undefined,
    policy: undefined,
    endpoint: 'none',
    masqueraded: false,
  };
};

const kindOf = (kind: ReturnType<typeof frontKind>): Described['kind'] | undefined => {
  if (kind === 'load-balancer' || kind === 'external-ip') return 'balancer';
  return kind === 'unknown' ? undefined : kind;
};

const policyOf = (local: boolean | undefined): MatrixRow['policy'] =>
  local === undefined ? undefined : local ? 'Local' : 'Cluster';

/** A node of the cluster is one whose kernel serves virtual services, as the entry node's does. */
const clientOf = (context: CauseContext, entry: NetNamespace): Described['client'] => {
  const ns = context.network.namespaces.get(senderOf(context.flow.question) ?? '');
  const host = ns && context.network.namespaces.get(ns.node);
  if (!ns || !host || host.services.length === 0) return 'external';
  if (ns.name !== '') return 'pod';
  return host === entry ? 'self' : 'node';
};

/** How kube-proxy serves a Local service where it has no endpoint: seen here, or on another node of the same service. */
const generationOf = (
  context: CauseContext,
  ns: NetNamespace,
  front: Front,
  endpoint: 'here' | 'elsewhere',
): MatrixRow['generation'] => {
  if (endpoint === 'elsewhere') return 'since-1.24';
  const others = sameServiceElsewhere(context.network, ns, front);
  if (others.some((e) => e.service.servers.length === 0)) return 'before-1.24';
  const version = context.network.kube.nodes.find((n) => n.kubeletVersion !== undefined)?.kubeletVersion;
  const minor = version === undefined ? undefined : Number(/^v?1\.(\d+)/.exec(version)?.[1]);
  return minor !== undefined && minor < 24 ? 'before-1.24' : 'since-1.24';
};
