import { counter, sysctl } from '../../network/namespace.ts';
import type { KernelVersion } from '../../records/host.ts';
import { backendOf, trafficAt } from '../facts/backend.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';

const RECYCLE = 'net.ipv4.tcp_tw_recycle';
const COUNTER = 'TcpExtPAWSPassive';

/**
 * The server remembers one timestamp per source address and takes an older one for a packet from the past. Behind NAT many clients share an address, and their
 * timestamps have nothing to do with each other: some SYNs are dropped. Linux 4.12 removed the setting.
 */
export const synDroppedPawsTwRecycle: Cause = {
  id: 'syn-dropped-paws-tw-recycle',
  group: 'C',
  layer: 'socket',
  control: false,
  needs: ['sysctl', 'counters', 'tcpdump', 'uname'],
  references: [
    'net/ipv4/tcp_input.c: tcp_conn_request (tcp_peer_is_proven, before 4.12)',
    'commit 4396e46187ca: tcp: remove tcp_tw_recycle',
    'RFC 7323: PAWS',
  ],
  versions: 'Linux < 4.12',
  detect: (context): readonly Verdict[] => {
    if (context.flow.question.proto !== 'tcp' || !isBroken(context)) return [];
    const backend = backendOf(context);
    if (!backend) return [];
    const ns = backend.namespace;
    const host = context.network.namespaces.get(ns.node);
    const recycle = sysctl(ns, RECYCLE) ?? (host && sysctl(host, RECYCLE));
    const counted = counter(ns, COUNTER);
    const on = recycle?.value.trim() === '1';
    const { syns, answers } = trafficAt(context, backend);
    const unanswered = syns.length > 0 && answers.length === 0;
    if (!on && !((counted?.value ?? 0) > 0 && recycle === undefined)) {
      // A kernel that still has the setting leaves SYNs without an answer, and neither the setting nor the counter was captured.
      const kernel = context.network.nodes.find((n) => n.name === ns.node)?.kernel;
      const isOpen = unanswered && recycle === undefined && counted === undefined && hasRecycling(kernel);
      return isOpen
        ? [
            undecided(
              [
                { kind: 'sysctl', namespace: ns.id },
                { kind: 'counters', namespace: ns.id },
              ],
              {},
            ),
          ]
        : [];
    }
    if (!unanswered && !((counted?.value ?? 0) > 0)) return [];
    const certain = on && (counted?.value ?? 0) > 0 && context.evidence.seen !== 'unknown';
    return [
      foundAt(backend.step, {
        confidence: certain ? 'certain' : on ? 'likely' : 'possible',
        values: { counted: counted?.value ?? 0, counter: COUNTER, source: backend.step.before.src, on },
        evidence: [
          ...decisiveLine(recycle, [RECYCLE]),
          ...decisiveLine(counted, [COUNTER]),
          ...syns.slice(0, 2).flatMap((p) => decisiveLine(p.view, ['[S]'])),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'recycle-off',
            commands: [commandIn(ns, shell`sysctl -w ${RECYCLE}=0`)],
            changes: [],
            values: { sysctl: RECYCLE },
          },
        ],
      }),
    ];
  },
};

/** Linux 4.12 removed the setting. */
const hasRecycling = (kernel: KernelVersion | undefined): boolean => {
  const [major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(kernel?.release ?? '') ?? []).slice(1).map(Number);
  return (major > 0 && major < 4) || (major === 4 && minor < 12);
};
