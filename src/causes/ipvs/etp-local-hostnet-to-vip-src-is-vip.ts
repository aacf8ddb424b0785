import { knows } from '../../network/namespace.ts';
import { virtualHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, proofsOf } from '../facts/ending.ts';
import { failedWithoutSourceNat } from '../facts/failed-translation.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAtEnd, undecided } from '../facts/found.ts';
import { clusterPolicy } from '../facts/policy-fix.ts';
import { externallyLocal, frontKind, kubeFront, sameServiceElsewhere, serviceName } from '../facts/service.ts';

/**
 * A process of a node asks a load balancer's address that kube-proxy keeps on the node itself: the local route makes that address the
 * source too. With the Local policy nothing masquerades it, so the packet travels under a source that every node takes for its own: the
 * server's node drops it as a martian, or swallows the answer.
 */
export const etpLocalHostnetToVipSrcIsVip: Cause = {
  id: 'etp-local-hostnet-to-vip-src-is-vip',
  group: 'A',
  layer: 'ipvs',
  control: false,
  needs: ['ip-addr', 'ipvsadm', 'ipset', 'conntrack', 'ip-route'],
  references: [
    'net/ipv4/route.c: ip_route_output_key_hash_rcu',
    'net/ipv4/fib_frontend.c: __fib_validate_source',
    'kubernetes/kubernetes#97081',
    'kubernetes/kubernetes#93456',
  ],
  versions: 'kube-proxy ipvs 1.24 and later',
  explains: ['martian-source-is-local-vip', 'return-path-bypasses-nat', 'ipvs-masq-missing-vip-source'],
  detect: (context) => {
    const failed = failedWithoutSourceNat(context);
    if (failed?.translation.by !== 'ipvs' || !failed.translation.ownClient) return [];
    const { translation: t } = failed;
    const ns = t.namespace;
    if (t.step.before.src !== t.virtual) return [];
    const here = virtualHolding(ns, t.virtual);
    const front = { proto: t.step.before.proto, address: t.virtual, port: t.port };
    if (!here || frontKind(context.network, ns, front) === 'cluster-ip') return [];
    const policy = externallyLocal(context.network, ns, front);
    const kube = kubeFront(context.network, front, false);
    const values = {
      virtual: t.virtual,
      port: t.port,
      server: t.server,
      serverPort: t.serverPort,
      device: here.device,
      sender: ns.node,
      service: serviceName(kube),
      set: policy?.by ?? '',
      end: failed.reason,
      untold: policy === undefined,
    };
    if (!policy && knows(ns, 'ipset')) return [];
    // That nothing masquerades it shows where it is taken for a martian; why, only the sets would tell.
    const open = policy ? [] : [undecided([{ kind: 'ipset', namespace: ns.id }], values)];
    if (!policy && failed.reason !== 'martian-source') return open;
    if (policy && !policy.value) return [{ kind: 'ruled-out', because: 'policy-cluster', values, evidence: [] }];
    const there = context.network.namespaces.get(failed.end.node);
    const holding = there && virtualHolding(there, t.virtual);
    const entry = context.evidence.entries.find((e) => e.namespace === ns.id);
    const found = foundAtEnd(context, {
      confidence: policy ? confidenceOfEnd(context) : 'possible',
      values,
      evidence: [
        ...(entry?.entry.unreplied
          ? decisiveLine(entry.entry, ['[UNREPLIED]', `src=${t.virtual}`, `dst=${t.virtual}`, `src=${t.server}`])
          : []),
        ...(policy?.source ? [{ source: policy.source, role: 'decisive' as const }] : []),
        ...decisiveLine(here, [t.virtual, here.device]),
        ...(holding ? decisiveLine(holding, [t.virtual, holding.device]) : []),
        ...proofsOf(failed.end),
        ...proofsOf(t.step, [`${t.virtual}:${t.port}`, t.server]),
        ...symptomLines(context),
      ],
      fixes: [clusterPolicy(ns, front, kube, sameServiceElsewhere(context.network, ns, front))],
    });
    return found ? [...open, found] : open;
  },
};
