import { knows, sysctl, sysctlNumber } from '../../network/namespace.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { ipvsEntry, serverOf, templatesOf } from '../facts/ipvs-connections.ts';
import { shell } from '../facts/shell.ts';

/**
 * Session affinity is an IPVS template that pins a client to a server. With expire_quiescent_template 0 it goes on pinning after the server
 * went to weight 0 or away, so this client alone keeps being sent to a dead server.
 */
export const ipvsAffinityTemplateDeadRs: Cause = {
  id: 'ipvs-affinity-template-dead-rs',
  group: 'C',
  layer: 'ipvs',
  control: false,
  needs: ['ipvsadm', 'ipvsadm-connections', 'sysctl'],
  references: [
    'net/netfilter/ipvs/ip_vs_conn.c: ip_vs_check_template',
    'net/netfilter/ipvs/ip_vs_core.c: ip_vs_sched_persist',
  ],
  explains: ['ipvs-weight-zero-pinned', 'ipvs-rs-removed-mid-connection', 'stale-backend-in-dataplane'],
  detect: (context) => {
    const entry = ipvsEntry(context);
    if (!entry || entry.service.persistent === undefined || context.evidence.seen === 'ok') return [];
    const { namespace: ns, service } = entry;
    const failing = context.evidence.seen !== 'unknown';
    const expire = sysctl(ns, 'net.ipv4.vs.expire_quiescent_template');
    const values = {
      virtual: service.address ?? '',
      port: service.port ?? 0,
      client: entry.step.before.src,
      server: '',
      gone: false,
      seconds: service.persistent ?? 0,
      expire: expire?.value.trim() ?? '',
    };
    if (!knows(ns, 'ipvsadm-connections'))
      return failing ? [undecided([{ kind: 'ipvsadm-connections', namespace: ns.id }], values)] : [];
    const template = templatesOf(entry).find((c) => {
      const server = serverOf(service, c);
      return !server || server.weight === 0;
    });
    if (!template) return [];
    const server = serverOf(service, template);
    // A removed server's template is found invalid and replaced (ip_vs_check_template), except where the server is only quiet.
    if (sysctlNumber(ns, 'net.ipv4.vs.expire_quiescent_template') === 1)
      return [{ kind: 'ruled-out', because: 'templates-expire', values, evidence: decisiveLine(expire) }];
    return [
      foundAt(entry.step, {
        confidence:
          failing && server !== undefined && expire !== undefined ? 'certain' : failing ? 'likely' : 'possible',
        values: { ...values, server: template.server, gone: server === undefined },
        evidence: [
          ...decisiveLine(template, [template.server]),
          ...decisiveLine(server, [template.server]),
          ...decisiveLine(service, ['persistent']),
          ...supportingLine(expire),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'expire-templates',
            commands: [commandIn(ns, shell`sysctl -w net.ipv4.vs.expire_quiescent_template=1`)],
            changes: [],
            values: { server: template.server },
          },
        ],
      }),
    ];
  },
};
