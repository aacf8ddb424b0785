import { synsAtWeightZero } from '../../evidence/syns-at-weight-zero.ts';
import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import { knows, sysctl } from '../../network/namespace.ts';
import type { RealServer, VirtualService } from '../../records/ipvs.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, numberOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, ToldContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { deleteServer, weighServer } from '../facts/ipvs-command.ts';
import { connectionsOf, ipvsEntry, serverOf } from '../facts/ipvs-connections.ts';
import { endpointsOf, isNodePort, kubeFront } from '../facts/service.ts';

/**
 * A server at weight 0 takes no new connection, but keeps those that it has. Either every server of the service is at 0 and new clients are
 * refused, or this client's own connection still belongs to a server that is being taken away.
 */
export const ipvsWeightZeroPinned: Cause = {
  id: 'ipvs-weight-zero-pinned',
  group: 'B',
  layer: 'ipvs',
  control: false,
  needs: ['ipvsadm', 'ipvsadm-connections', 'sysctl', 'kubectl'],
  references: [
    'net/netfilter/ipvs/ip_vs_core.c: ip_vs_in_hook',
    'kubernetes/kubernetes#81775',
    'kubernetes/kubernetes#92019',
    'kubernetes/kubernetes#76664',
  ],
  explains: ['stale-backend-in-dataplane'],
  detect: (context) => {
    if (context.evidence.seen === 'ok') return [];
    const ending = endingOf(context);
    if (ending?.step.action.code === 'ipvs-all-weight-zero') return allAtZero(context, ending);
    return pinned(context);
  },
  told: (context) => (context.evidence.seen === 'ok' ? [] : newSyns(context)),
};

/** New SYNs of this client go to a server at weight 0, with nobody's connections listed: only one from before takes them there. */
const newSyns = ({ network, question }: ToldContext): readonly Found[] =>
  [...network.namespaces.values()].flatMap((ns): readonly Found[] => {
    const mine = synsAtWeightZero(ns).filter(
      ({ service, syn }) =>
        question.proto === 'tcp' &&
        service.address === question.dst &&
        (question.dport === undefined || service.port === question.dport) &&
        syn.src === question.src &&
        (question.sport === undefined || syn.sport === question.sport),
    );
    const [first] = mine;
    if (!first) return [];
    const { service, server } = first;
    return [
      {
        kind: 'found',
        // That these SYNs were for the service, and not for the server itself, is the asker's word.
        confidence: question.attempt === 'found' || question.sport === undefined ? 'possible' : 'likely',
        node: ns.node,
        namespace: ns.name,
        at: 'ipvs',
        values: valuesOf(service, server, 'new', []),
        evidence: [
          ...mine.slice(0, 2).flatMap(({ syn }) => decisiveLine(syn, [server.address])),
          ...decisiveLine(server, [server.address]),
          ...supportingLine(sysctl(ns, 'net.ipv4.vs.conn_reuse_mode')),
        ],
        fixes: [],
      },
    ];
  });

const allAtZero = (
  context: CauseContext,
  { step, namespace: ns }: NonNullable<ReturnType<typeof endingOf>>,
): readonly Verdict[] => {
  const front = { proto: step.before.proto, address: textOf(step, 'virtual'), port: numberOf(step, 'port') ?? 0 };
  const service = ns.services.find(
    (s) => s.address === front.address && s.port === front.port && s.proto === front.proto,
  );
  if (!service) return [];
  const kube = kubeFront(context.network, front, isNodePort(ns, front));
  const ready = kube
    ? endpointsOf(context.network, kube).filter((e) => e.ready && service.servers.some((s) => s.address === e.address))
    : [];
  const first = service.servers[0];
  return [
    foundAt(step, {
      confidence: confidenceOfEnd(context),
      values: valuesOf(
        service,
        first,
        'all',
        ready.map((e) => e.address),
      ),
      evidence: [
        ...decisiveLine(service, [`${front.address}:${front.port}`]),
        ...service.servers.flatMap((s) => decisiveLine(s, [s.address])),
        ...ready.slice(0, 2).flatMap((e) => supportingLine(e)),
        ...symptomLines(context),
      ],
      fixes: first ? [raise(ns, service, first)] : [],
    }),
  ];
};

const pinned = (context: CauseContext): readonly Verdict[] => {
  const entry = ipvsEntry(context);
  if (!entry) return [];
  const zero = entry.service.servers.filter((s) => s.weight === 0);
  if (zero.length === 0) return [];
  const { namespace: ns, service } = entry;
  const connection = connectionsOf(entry).find((c) => serverOf(service, c)?.weight === 0);
  const failing = context.evidence.seen !== 'unknown';
  if (!connection) {
    if (knows(ns, 'ipvsadm-connections') || !failing) return [];
    return [undecided([{ kind: 'ipvsadm-connections', namespace: ns.id }], valuesOf(service, zero[0], 'pinned', []))];
  }
  const server = serverOf(service, connection);
  const command = server && deleteServer(service, server);
  const reuse = sysctl(ns, 'net.ipv4.vs.conn_reuse_mode');
  return [
    foundAt(entry.step, {
      confidence: failing ? 'certain' : 'likely',
      values: valuesOf(service, server, 'pinned', []),
      evidence: [
        ...decisiveLine(connection, [connection.server, connection.state]),
        ...decisiveLine(server, [connection.server]),
        ...supportingLine(reuse),
        ...symptomLines(context),
      ],
      fixes: server
        ? [
            {
              id: 'delete-server',
              commands: command === undefined ? [] : [commandIn(ns, command)],
              changes: [{ namespace: ns.id, op: 'delete', what: 'real-server', source: server.source }],
              values: { server: server.address },
            },
          ]
        : [],
    }),
  ];
};

const valuesOf = (
  service: VirtualService,
  server: RealServer | undefined,
  form: 'all' | 'pinned' | 'new',
  ready: readonly string[],
) => ({
  virtual: service.address ?? '',
  port: service.port ?? 0,
  form,
  server: server?.address ?? '',
  serverPort: server?.port ?? 0,
  servers: service.servers.length,
  active: server?.active ?? 0,
  ready,
});

const raise = (ns: NetNamespace, service: VirtualService, server: RealServer) => {
  const command = weighServer(service, server, 1);
  const { source: _, ...record } = server;
  const changes: readonly Change[] = [
    { namespace: ns.id, op: 'delete', what: 'real-server', source: server.source },
    { namespace: ns.id, op: 'add', what: 'real-server', service: service.source, record: { ...record, weight: 1 } },
  ];
  return {
    id: 'raise-weight',
    commands: command === undefined ? [] : [commandIn(ns, command)],
    changes,
    values: { server: server.address },
  };
};
