import { knows, type NetNamespace } from '../../network/namespace.ts';
import { senderOf } from '../../path/walk-result.ts';
import type { PacketView } from '../../records/packet.ts';
import type { Socket } from '../../records/socket.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { connectionsOf, ipvsEntry } from '../facts/ipvs-connections.ts';
import { shell } from '../facts/shell.ts';

/** Seconds after which the kernel's TCP sends its first keepalive (net.ipv4.tcp_keepalive_time). */
const KEEPALIVE = 7200;
const DEFAULT_TIMEOUT = 900;

/**
 * IPVS forgets an idle TCP connection after 15 minutes, long before TCP's keepalive. The next packet is no SYN, so IPVS leaves it to the
 * node's own TCP, which owns the virtual address and knows no such connection: a reset.
 */
export const ipvsIdleTimeoutRst: Cause = {
  id: 'ipvs-idle-timeout-rst',
  group: 'B',
  layer: 'ipvs',
  control: false,
  worksWrongly: true,
  needs: ['ipvsadm-timeout', 'ipvsadm-connections', 'sockets', 'tcpdump'],
  references: [
    'net/netfilter/ipvs/ip_vs_proto_tcp.c: tcp_conn_schedule, tcp_timeouts',
    'kubernetes/kubernetes#84041',
    'cloudnativelabs/kube-router#521',
    'cloudnativelabs/kube-router#911',
  ],
  detect: (context) => {
    const entry = ipvsEntry(context);
    if (entry?.step.before.proto !== 'tcp' || context.flow.question.sport === undefined) return [];
    const { namespace: ns } = entry;
    const socket = establishedSocket(context);
    const reset = midStreamReset(context);
    if (!socket && !reset) return [];
    const timeout = ns.ipvsTimeouts?.tcp ?? DEFAULT_TIMEOUT;
    const values = {
      virtual: entry.service.address ?? '',
      port: entry.service.port ?? 0,
      client: context.flow.question.src,
      timeout,
      timeoutKnown: ns.ipvsTimeouts !== undefined,
      reset: reset !== undefined,
      established: socket !== undefined,
    };
    if (!knows(ns, 'ipvsadm-connections'))
      return [undecided([{ kind: 'ipvsadm-connections', namespace: ns.id }], values)];
    const connection = connectionsOf(entry)[0];
    if (connection)
      return reset
        ? [{ kind: 'ruled-out', because: 'connection-known', values, evidence: decisiveLine(connection) }]
        : [];
    if (timeout >= KEEPALIVE) return [];
    return [
      foundAt(entry.step, {
        confidence: reset && socket ? 'certain' : reset && ns.ipvsTimeouts ? 'certain' : 'likely',
        values,
        evidence: [
          ...decisiveLine(reset, ['R']),
          ...decisiveLine(socket, ['ESTAB']),
          ...decisiveLine(ns.ipvsTimeouts, [String(timeout)]),
          ...absent(ns),
          ...context.evidence.entries.slice(0, 1).flatMap((e) => supportingLine(e.entry)),
        ],
        fixes: [
          {
            id: 'keepalive',
            commands: [commandIn(ns, shell`sysctl -w net.ipv4.tcp_keepalive_time=${Math.floor((timeout * 2) / 3)}`)],
            changes: [],
            values: { timeout },
          },
        ],
      }),
    ];
  },
};

const absent = (ns: NetNamespace) =>
  (ns.captureSources.get('ipvsadm-connections') ?? [])
    .slice(0, 1)
    .map((source) => ({ source, role: 'decisive' as const }));

const establishedSocket = (context: CauseContext): Socket | undefined => {
  const { question } = context.flow;
  const ns = context.network.namespaces.get(senderOf(question) ?? '');
  return ns?.sockets.find(
    (s) =>
      s.proto.startsWith('tcp') &&
      s.state === 'ESTAB' &&
      s.peer === question.dst &&
      s.peerPort === question.dport &&
      s.localPort === question.sport,
  );
};

/** A reset from the virtual address that answers no SYN: the connection had been up. */
const midStreamReset = (context: CauseContext): PacketView | undefined => {
  const { question } = context.flow;
  const views = context.evidence.packets.flatMap((p) => (p.layer ? [p.layer] : []));
  const asked = views.some((v) => v.src === question.src && v.tcpFlags === 'S');
  const sent = views.some(
    (v) => v.src === question.src && v.dst === question.dst && v.tcpFlags !== undefined && !/[SR]/.test(v.tcpFlags),
  );
  if (asked || !sent) return undefined;
  return views.find((v) => v.src === question.dst && v.dst === question.src && v.tcpFlags?.startsWith('R'));
};
