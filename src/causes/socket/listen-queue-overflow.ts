import { counter, knows } from '../../network/namespace.ts';
import { type Backend, backendOf, trafficAt } from '../facts/backend.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { socketText } from '../facts/listeners.ts';
import { shell } from '../facts/shell.ts';

const COUNTERS = ['TcpExtListenOverflows', 'TcpExtListenDrops'] as const;

/**
 * The application does not accept its connections as fast as they come: the listening socket's queue is full, and the last packet of a handshake or the next SYN is
 * dropped. The client tries again after 1, 3, 7 seconds.
 */
export const listenQueueOverflow: Cause = {
  id: 'listen-queue-overflow',
  group: 'B',
  layer: 'socket',
  control: false,
  needs: ['sockets', 'counters', 'tcpdump'],
  references: [
    'net/ipv4/tcp_ipv4.c: tcp_conn_request (sk_acceptq_is_full)',
    'net/ipv4/tcp_minisocks.c: tcp_check_req',
    'listen(2)',
  ],
  explains: ['syn-backlog-full'],
  detect: (context): readonly Verdict[] => {
    if (context.flow.question.proto !== 'tcp' || !isBroken(context)) return [];
    const backend = backendOf(context);
    if (!backend) return [];
    const ns = backend.namespace;
    const overflows = COUNTERS.map((name) => counter(ns, name)).filter((c) => c !== undefined && c.value > 0);
    const { syns, answers } = trafficAt(context, backend);
    const unanswered = syns.length > 1 && answers.filter((p) => p.layer?.tcpFlags === 'S.').length < syns.length;
    const { listener } = backend;
    if (!listener) return unanswered ? unlisted(backend, overflows.length > 0) : [];
    const full = listener.sendQ > 0 && listener.recvQ >= listener.sendQ;
    if (!full && !(overflows.length > 0 && unanswered))
      return unanswered && !knows(ns, 'counters')
        ? [undecided([{ kind: 'counters', namespace: ns.id }], { socket: socketText(listener) })]
        : [];
    const counted = overflows[0]?.value ?? 0;
    return [
      foundAt(backend.step, {
        confidence:
          full && counted > 0 && context.evidence.seen !== 'unknown'
            ? 'certain'
            : full || unanswered
              ? 'likely'
              : 'possible',
        values: {
          socket: socketText(listener),
          waiting: listener.recvQ,
          backlog: listener.sendQ,
          full,
          counted,
          process: listener.process ?? '',
        },
        evidence: [
          ...decisiveLine(listener, [String(listener.recvQ), String(listener.sendQ)]),
          ...overflows.flatMap((c) => (c ? (full ? supportingLine(c, [c.name]) : decisiveLine(c, [c.name])) : [])),
          ...syns.slice(0, 2).flatMap((p) => decisiveLine(p.view, ['[S]'])),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'larger-backlog',
            commands: [commandIn(ns, shell`sysctl -w net.core.somaxconn=4096`)],
            changes: [],
            values: { backlog: listener.sendQ },
          },
        ],
      }),
    ];
  },
};

/** SYNs come and get no answer, and which socket they are for was not captured: its queue would tell, where the counters speak of overflows or are not known. */
const unlisted = ({ namespace: ns, step }: Backend, overflowed: boolean): readonly Verdict[] => {
  if (step.action.code !== 'socket-assumed' || (!overflowed && knows(ns, 'counters'))) return [];
  const missing = overflowed ? (['sockets'] as const) : (['sockets', 'counters'] as const);
  return [
    undecided(
      missing.map((kind) => ({ kind, namespace: ns.id })),
      { socket: `${step.before.dst}:${step.before.dport ?? ''}` },
    ),
  ];
};
