import { knows } from '../../network/namespace.ts';
import type { ConntrackEntry } from '../../records/conntrack.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { ipvsEntry } from '../facts/ipvs-connections.ts';
import { shell } from '../facts/shell.ts';

/**
 * A client talks to a server directly and through the service from one and the same source port. Both connections expect the same answer,
 * and conntrack can keep only one of them.
 */
export const ipvsVipAndDirectSame5tuple: Cause = {
  id: 'ipvs-vip-and-direct-same-5tuple',
  group: 'C',
  layer: 'conntrack',
  control: false,
  needs: ['conntrack', 'conntrack-stats', 'ipvsadm'],
  references: [
    'net/netfilter/nf_conntrack_core.c: __nf_conntrack_confirm',
    'net/netfilter/ipvs/ip_vs_nfct.c: ip_vs_update_conntrack',
    'kubernetes/kubernetes#90042',
  ],
  detect: (context) => {
    const entry = ipvsEntry(context);
    const { sport } = context.flow.question;
    if (!entry || sport === undefined || context.evidence.seen === 'ok' || context.evidence.seen === 'unknown')
      return [];
    const { namespace: ns, service } = entry;
    const values = {
      virtual: service.address ?? '',
      port: service.port ?? 0,
      client: entry.step.before.src,
      sport,
      server: '',
      insertFailed: 0,
    };
    if (!knows(ns, 'conntrack'))
      return context.branch.outcome === 'delivered'
        ? [undecided([{ kind: 'conntrack', namespace: ns.id }], values)]
        : [];
    const rows = ns.conntrack[0]?.rowsWithAddress(entry.step.before.src) ?? [];
    let direct: ConntrackEntry | undefined;
    let virtual: ConntrackEntry | undefined;
    for (const row of rows) {
      const e = ns.conntrack[0]?.entry(row);
      if (
        !e ||
        e.proto !== entry.step.before.proto ||
        e.original.src !== entry.step.before.src ||
        e.original.sport !== sport
      )
        continue;
      if (e.original.dst === service.address && e.original.dport === service.port) virtual = e;
      else if (service.servers.some((s) => s.address === e.original.dst && s.port === e.original.dport)) direct = e;
    }
    if (!direct) return [];
    const failed = ns.conntrackStats.find((s) => (s.counters.get('insert_failed') ?? 0) > 0);
    const stuck = virtual?.unreplied === true || virtual === undefined;
    if (!stuck)
      return [
        {
          kind: 'ruled-out',
          because: 'both-tracked',
          values: { ...values, server: direct.original.dst },
          evidence: decisiveLine(virtual),
        },
      ];
    return [
      foundAt(entry.step, {
        confidence: failed ? 'likely' : 'possible',
        values: {
          ...values,
          server: direct.original.dst,
          insertFailed: failed?.counters.get('insert_failed') ?? 0,
        },
        evidence: [
          ...decisiveLine(direct, [`sport=${sport}`, `dst=${direct.original.dst}`]),
          ...decisiveLine(virtual, ['[UNREPLIED]']),
          ...supportingLine(failed, ['insert_failed']),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'drop-direct-entry',
            commands: [
              commandIn(
                ns,
                shell`conntrack -D -p ${entry.step.before.proto} --orig-src ${entry.step.before.src} --orig-dst ${direct.original.dst} --orig-port-src ${sport}`,
              ),
            ],
            changes: [],
            values: { server: direct.original.dst },
          },
        ],
      }),
    ];
  },
};
