import { knows } from '../../network/namespace.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf } from '../facts/ending.ts';
import { failedWithoutSourceNat, NAME_ENDS } from '../facts/failed-translation.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAtEnd, undecided } from '../facts/found.ts';
import { clusterPolicy } from '../facts/policy-fix.ts';
import {
  externallyLocal,
  frontKind,
  isNodePort,
  kubeFront,
  sameServiceElsewhere,
  serviceName,
} from '../facts/service.ts';
import { answerPasses } from '../facts/translation.ts';

/**
 * kube-proxy from 1.24 on gives a node without a local endpoint all the endpoints, but keeps the service in the Local sets: no mark, no
 * masquerade. The server answers the client itself, under its own address, and the client knows no such connection.
 */
export const etpLocalRemoteRsNoSnat: Cause = {
  id: 'etp-local-remote-rs-no-snat',
  group: 'A',
  layer: 'nat',
  control: false,
  needs: ['ipvsadm', 'ipset', 'iptables-save', 'conntrack'],
  references: [
    'kubernetes/kubernetes#97081',
    'kubernetes/kubernetes#93456',
    'net/netfilter/ipvs/ip_vs_xmit.c: ip_vs_nat_xmit',
    'net/ipv4/tcp_ipv4.c: tcp_v4_send_reset',
  ],
  versions: 'kube-proxy ipvs 1.24 and later',
  explains: ['return-path-bypasses-nat', 'martian-source-is-local-vip', 'ipvs-masq-missing-vip-source'],
  detect: (context) => {
    const failed = failedWithoutSourceNat(context);
    if (failed?.translation.by !== 'ipvs' || !NAME_ENDS.has(failed.reason)) return [];
    const { translation: t } = failed;
    const ns = t.namespace;
    // A client that took the virtual address as its own source fails in another way: etp-local-hostnet-to-vip-src-is-vip.
    if (t.step.before.src === t.virtual || answerPasses(context, ns.id)) return [];
    const front = { proto: t.step.before.proto, address: t.virtual, port: t.port };
    if (frontKind(context.network, ns, front) === 'cluster-ip') return [];
    const policy = externallyLocal(context.network, ns, front);
    const kube = kubeFront(context.network, front, isNodePort(ns, front));
    const values = {
      virtual: t.virtual,
      port: t.port,
      server: t.server,
      serverPort: t.serverPort,
      client: t.step.before.src,
      via: ns.node,
      service: serviceName(kube),
      set: policy?.by ?? '',
      end: failed.reason,
    };
    if (!policy) return knows(ns, 'ipset') ? [] : [undecided([{ kind: 'ipset', namespace: ns.id }], values)];
    if (!policy.value) return [{ kind: 'ruled-out', because: 'policy-cluster', values, evidence: [] }];
    const entry = context.evidence.entries.find((e) => e.namespace === ns.id);
    const found = foundAtEnd(context, {
      confidence: confidenceOfEnd(context),
      values,
      evidence: [
        ...(entry?.entry.unreplied
          ? decisiveLine(entry.entry, ['[UNREPLIED]', `src=${t.server}`, `dst=${values.client}`])
          : []),
        ...(policy.source ? [{ source: policy.source, role: 'decisive' as const }] : []),
        ...proofsOf(t.step, [`${t.virtual}:${t.port}`, `${t.server}:${t.serverPort}`]),
        ...context.evidence.packets
          .filter(
            (p) => p.leg === 'reply' && p.layer?.src === t.server && p.namespace === endingOf(context)?.namespace.id,
          )
          .slice(0, 2)
          .flatMap((p) => decisiveLine(p.view, [t.server, 'S.'])),
        ...proofsOf(failed.end),
        ...symptomLines(context),
      ],
      fixes: [clusterPolicy(ns, front, kube, sameServiceElsewhere(context.network, ns, front))],
    });
    return found ? [found] : [];
  },
};
