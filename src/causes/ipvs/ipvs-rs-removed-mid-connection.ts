import { knows, sysctl } from '../../network/namespace.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { connectionsOf, ipvsEntry, serverOf } from '../facts/ipvs-connections.ts';
import { shell } from '../facts/shell.ts';

/** States in which nobody waits for an answer any more. */
const OVER: ReadonlySet<string> = new Set(['TIME_WAIT', 'CLOSE', 'FIN_WAIT', 'LAST_ACK', 'NONE']);

/**
 * The client's connection belongs to a server that was taken out of the service. With expire_nodest_conn 0 its packets are dropped in
 * silence until the entry times out; with 1 the next packet ends it.
 */
export const ipvsRsRemovedMidConnection: Cause = {
  id: 'ipvs-rs-removed-mid-connection',
  group: 'C',
  layer: 'ipvs',
  control: false,
  needs: ['ipvsadm', 'ipvsadm-connections', 'sysctl'],
  references: [
    'net/netfilter/ipvs/ip_vs_core.c: ip_vs_in_hook (IP_VS_DEST_F_AVAILABLE)',
    'kubernetes/kubernetes#71894',
    'kubernetes/kubernetes#99162',
  ],
  detect: (context) => {
    const entry = ipvsEntry(context);
    const failing = context.evidence.seen !== 'ok' && context.evidence.seen !== 'unknown';
    if (!entry || context.evidence.seen === 'ok') return [];
    const { namespace: ns, service } = entry;
    const values = {
      virtual: service.address ?? '',
      port: service.port ?? 0,
      client: entry.step.before.src,
      server: '',
      serverPort: 0,
      state: '',
      expire: '',
    };
    if (!knows(ns, 'ipvsadm-connections')) {
      // The walk delivers a new connection; that this one stands still needs its own entry to explain.
      return failing && context.branch.outcome === 'delivered' && context.evidence.seen === 'stalled'
        ? [undecided([{ kind: 'ipvsadm-connections', namespace: ns.id }], values)]
        : [];
    }
    if (entry.step.before.sport === undefined) return [];
    const connection = connectionsOf(entry).find((c) => !OVER.has(c.state) && !serverOf(service, c));
    if (!connection) return [];
    const expire = sysctl(ns, 'net.ipv4.vs.expire_nodest_conn');
    return [
      foundAt(entry.step, {
        confidence: failing ? 'certain' : 'likely',
        values: {
          ...values,
          server: connection.server,
          serverPort: connection.serverPort,
          state: connection.state,
          expire: expire?.value.trim() ?? '',
        },
        evidence: [
          ...decisiveLine(connection, [connection.server, connection.state]),
          ...decisiveLine(service, [`${service.address}:${service.port}`]),
          ...service.servers.slice(0, 4).flatMap((s) => decisiveLine(s, [s.address])),
          ...supportingLine(expire),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'expire-nodest',
            commands: [commandIn(ns, shell`sysctl -w net.ipv4.vs.expire_nodest_conn=1`)],
            changes: [],
            values: { server: connection.server },
          },
        ],
      }),
    ];
  },
};
