import type { SeenPacket } from '../../evidence/observation.ts';
import { knows, sysctl } from '../../network/namespace.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { connectionsOf, ipvsEntry } from '../facts/ipvs-connections.ts';
import { shell } from '../facts/shell.ts';

const FIXED_IN = [5, 9] as const;
const CLOSED: ReadonlySet<string> = new Set(['TIME_WAIT', 'CLOSE', 'FIN_WAIT', 'LAST_ACK']);

/**
 * A client takes a port again while IPVS still keeps its last connection. Before Linux 5.9, with conn_reuse_mode 1 and connection tracking,
 * IPVS drops the first SYN to be rid of the old entry: the connection comes one retransmission, a second, late.
 */
export const ipvsPortReuse1s: Cause = {
  id: 'ipvs-port-reuse-1s',
  group: 'B',
  layer: 'ipvs',
  control: false,
  worksWrongly: true,
  needs: ['uname', 'sysctl', 'ipvsadm-connections', 'tcpdump'],
  references: [
    'net/netfilter/ipvs/ip_vs_core.c: ip_vs_in (is_new_conn_expected)',
    'kubernetes/kubernetes#70747',
    'kubernetes/kubernetes#81775',
    'kubernetes/kubernetes#93297',
  ],
  versions: 'Linux before 5.9',
  detect: (context) => {
    const entry = ipvsEntry(context);
    if (entry?.step.before.proto !== 'tcp') return [];
    const { namespace: ns } = entry;
    const late = repeatedOnce(context.evidence.packets.filter((p) => p.namespace === ns.id && p.leg === 'forward'));
    const old = connectionsOf(entry).find((c) => CLOSED.has(c.state));
    if (context.branch.outcome !== 'delivered') return [];
    if (!late && !(old && context.evidence.seen === 'timeout')) return [];
    const kernel = context.network.nodes.find((n) => n.name === ns.node)?.kernel;
    const reuse = sysctl(ns, 'net.ipv4.vs.conn_reuse_mode');
    const tracking = sysctl(ns, 'net.ipv4.vs.conntrack');
    const values = {
      virtual: entry.service.address ?? '',
      port: entry.service.port ?? 0,
      client: entry.step.before.src,
      kernel: kernel?.release ?? '',
      reuseMode: reuse?.value.trim() ?? '',
      delay: late ? Math.round(late.delay * 10) / 10 : 0,
      state: old?.state ?? '',
    };
    if (!kernel) return [undecided([{ kind: 'uname', namespace: ns.id }], values)];
    if (!isOlder(kernel.release))
      return [{ kind: 'ruled-out', because: 'kernel-fixed', values, evidence: decisiveLine(kernel, [kernel.release]) }];
    if (!reuse && !knows(ns, 'sysctl')) return [undecided([{ kind: 'sysctl', namespace: ns.id }], values)];
    // Mode 1 is the kernel's default.
    if (reuse && reuse.value.trim() !== '1')
      return [{ kind: 'ruled-out', because: 'reuse-mode-off', values, evidence: decisiveLine(reuse) }];
    if (tracking?.value.trim() === '0') return [];
    if (!old && !late) return [];
    return [
      foundAt(entry.step, {
        confidence: late && old ? 'certain' : late ? 'likely' : 'possible',
        values,
        evidence: [
          ...(late ? [...decisiveLine(late.first.view), ...decisiveLine(late.second.view)] : []),
          ...decisiveLine(old, [old?.state ?? '']),
          ...decisiveLine(reuse, ['conn_reuse_mode']),
          ...decisiveLine(kernel, [kernel.release]),
          ...supportingLine(tracking),
        ],
        fixes: [
          {
            id: 'newer-kernel',
            commands: [commandOn(ns.node, shell`uname -r`)],
            changes: [],
            values: { kernel: kernel.release },
          },
        ],
      }),
    ];
  },
};

const isOlder = (release: string): boolean => {
  const [major, minor] = release.split('.').map(Number);
  if (major === undefined || minor === undefined || Number.isNaN(major) || Number.isNaN(minor)) return false;
  return major < FIXED_IN[0] || (major === FIXED_IN[0] && minor < FIXED_IN[1]);
};

/** One SYN sent twice, about a second apart, and no third time: the retransmission got through. */
const repeatedOnce = (
  packets: readonly SeenPacket[],
): { readonly first: SeenPacket; readonly second: SeenPacket; readonly delay: number } | undefined => {
  const bySeq = new Map<string, SeenPacket[]>();
  for (const packet of packets) {
    if (packet.layer?.tcpFlags !== 'S' || packet.view.direction === 'out') continue;
    const key = `${packet.layer.src}:${packet.layer.sport} ${packet.layer.dst}:${packet.layer.dport} ${packet.layer.seq} ${packet.view.device ?? ''}`;
    bySeq.set(key, [...(bySeq.get(key) ?? []), packet]);
  }
  for (const [first, second, third] of bySeq.values()) {
    if (!first || !second || third) continue;
    const delay = (second.view.time ?? 0) - (first.view.time ?? 0);
    if (delay > 0.9 && delay < 1.5) return { first, second, delay };
  }
  return undefined;
};
