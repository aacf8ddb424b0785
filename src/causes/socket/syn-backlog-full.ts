import { counter, knows, sysctl, sysctlNumber } from '../../network/namespace.ts';
import { backendOf, trafficAt } from '../facts/backend.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { socketText } from '../facts/listeners.ts';
import { shell } from '../facts/shell.ts';

const BACKLOG = 'net.ipv4.tcp_max_syn_backlog';

/**
 * More handshakes are half open than the listening socket may keep: a flood, or answers that do not reach their clients. Without SYN cookies further SYNs are dropped;
 * with them options are lost.
 */
export const synBacklogFull: Cause = {
  id: 'syn-backlog-full',
  group: 'C',
  layer: 'socket',
  control: false,
  needs: ['counters', 'sockets', 'sysctl', 'tcpdump'],
  references: [
    'net/ipv4/tcp_input.c: tcp_conn_request (inet_csk_reqsk_queue_is_full), tcp_syn_flood_action',
    'RFC 4987',
  ],
  detect: (context): readonly Verdict[] => {
    if (context.flow.question.proto !== 'tcp' || !isBroken(context)) return [];
    const backend = backendOf(context);
    if (!backend) return [];
    const ns = backend.namespace;
    const port = backend.step.before.dport;
    const halfOpen = ns.sockets.filter((s) => s.state === 'SYN-RECV' && s.localPort === port);
    const dropped = counter(ns, 'TcpExtTCPReqQFullDrop');
    const cookies = counter(ns, 'TcpExtTCPReqQFullDoCookies');
    const { syns, answers } = trafficAt(context, backend);
    // This flow got its place in the queue: what keeps it half open is that the answer does not arrive.
    const [answer] = answers.filter((p) => p.layer?.tcpFlags === 'S.');
    if (answer) return [{ kind: 'ruled-out', because: 'replied', values: {}, evidence: decisiveLine(answer.view) }];
    const unanswered = syns.length > 1 && answers.length === 0;
    const counted = (dropped?.value ?? 0) > 0;
    const limit = Math.min(
      sysctlNumber(ns, BACKLOG) ?? Number.POSITIVE_INFINITY,
      backend.listener?.sendQ || Number.POSITIVE_INFINITY,
    );
    const full = Number.isFinite(limit) && limit > 0 && halfOpen.length >= limit;
    if (!full && !(counted && unanswered))
      return unanswered && !knows(ns, 'counters')
        ? [undecided([{ kind: 'counters', namespace: ns.id }], { halfOpen: halfOpen.length })]
        : [];
    return [
      foundAt(backend.step, {
        confidence:
          full && counted && context.evidence.seen !== 'unknown'
            ? 'certain'
            : full || unanswered
              ? 'likely'
              : 'possible',
        values: {
          socket: backend.listener ? socketText(backend.listener) : `${backend.step.before.dst}:${port ?? 0}`,
          halfOpen: halfOpen.length,
          limit: Number.isFinite(limit) ? limit : 0,
          dropped: dropped?.value ?? 0,
          cookies: (cookies?.value ?? 0) > 0,
        },
        evidence: [
          ...decisiveLine(dropped, ['TcpExtTCPReqQFullDrop']),
          ...halfOpen.slice(0, 3).flatMap((s) => decisiveLine(s, ['SYN-RECV'])),
          ...supportingLine(sysctl(ns, BACKLOG), [BACKLOG]),
          ...syns.slice(0, 2).flatMap((p) => decisiveLine(p.view, ['[S]'])),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'cookies',
            commands: [
              commandIn(ns, shell`sysctl -w net.ipv4.tcp_syncookies=1`),
              commandIn(ns, shell`sysctl -w ${BACKLOG}=4096`),
            ],
            changes: [],
            values: { sysctl: BACKLOG },
          },
        ],
      }),
    ];
  },
};
