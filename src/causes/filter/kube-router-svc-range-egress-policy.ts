import { knows } from '../../network/namespace.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { chainNamed, chainsOf, isRuleEnd, optionsOf } from '../facts/rules.ts';
import { virtualService } from '../facts/service.ts';

/**
 * kube-router lets traffic to the service range past the pods' egress policies, which know pods, not services. A ClusterIP outside of the
 * range that it was told (10.96.0.0/12 by default) is judged as a foreign address and refused.
 */
export const kubeRouterSvcRangeEgressPolicy: Cause = {
  id: 'kube-router-svc-range-egress-policy',
  group: 'C',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'ipvsadm', 'kubectl'],
  references: ['cloudnativelabs/kube-router#1617', 'cloudnativelabs/kube-router#1136'],
  explains: ['networkpolicy-drop', 'kube-router-stale-pod-fw', 'ipvs-input-chain-drop'],
  detect: (context) => {
    const ending = endingOf(context);
    if (!ending || !isRuleEnd(ending.step) || context.evidence.seen === 'ok') return [];
    const { step, namespace: ns } = ending;
    const chains = chainsOf(ns, step);
    if (step.place !== 'INPUT' && step.place !== 'OUTPUT') return [];
    if (!chains.some((c) => c.startsWith('KUBE-POD-FW-')) || !chains.includes('KUBE-ROUTER-INPUT')) return [];
    const { dst, dport, proto, family } = step.before;
    if (dport === undefined) return [];
    const input = chainNamed(ns, 'filter', family, 'KUBE-ROUTER-INPUT');
    const ranges = (input?.rules ?? []).filter((r) => r.target?.name === 'RETURN' && optionsOf(r, '-d').length > 0);
    const values = {
      virtual: dst,
      port: dport,
      chain: textOf(step, 'chain'),
      ranges: ranges.flatMap((r) => optionsOf(r, '-d').map((v) => v[0] ?? '')),
      packets: Number(step.action.values.packets ?? -1),
    };
    if (!knows(ns, 'ipvsadm')) return [undecided([{ kind: 'ipvsadm', namespace: ns.id }], values)];
    const service = virtualService(ns, { proto, address: dst, port: dport });
    if (!service) return [];
    const fix = ruleChange(ns, {
      family,
      table: 'filter',
      chain: 'KUBE-ROUTER-INPUT',
      position: 1,
      dst,
      target: 'RETURN',
    });
    return [
      foundAt(step, {
        confidence: confidenceOfEnd(context),
        values,
        evidence: [
          ...proofsOf(step, ['REJECT', 'DROP']),
          ...decisiveLine(service, [`${dst}:${dport}`]),
          ...ranges.slice(0, 3).flatMap((r) => decisiveLine(r, ['RETURN'])),
          ...symptomLines(context),
        ],
        fixes: [{ id: 'return-range', commands: [fix.command], changes: [fix.change], values: { virtual: dst } }],
      }),
    ];
  },
};
