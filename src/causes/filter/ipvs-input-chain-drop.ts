import { knows } from '../../network/namespace.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { connectionsOf } from '../facts/ipvs-connections.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { isRuleEnd, ownerOfEnd } from '../facts/rules.ts';
import { virtualService } from '../facts/service.ts';

/**
 * IPVS takes a request behind filter INPUT, so a firewall there sees a service's traffic as the node's own and drops it first. With
 * iptables as proxy the same packet would have passed by FORWARD.
 */
export const ipvsInputChainDrop: Cause = {
  id: 'ipvs-input-chain-drop',
  group: 'B',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'ipvsadm', 'ipvsadm-connections'],
  references: [
    'net/netfilter/ipvs/ip_vs_core.c: ip_vs_ops4 (LOCAL_IN, NF_IP_PRI_NAT_SRC - 1)',
    'kubernetes/kubernetes#98465',
    'kubernetes/kubernetes#97225',
  ],
  detect: (context) => {
    const ending = endingOf(context);
    if (ending?.step.place !== 'INPUT' || !isRuleEnd(ending.step) || context.evidence.seen === 'ok') return [];
    const { step, namespace: ns } = ending;
    const { proto, dst, dport, family } = step.before;
    if (dport === undefined || ending.leg.direction !== 'forward') return [];
    const owner = ownerOfEnd(step);
    // Proxies' own guards have causes of their own.
    if (owner === 'kube-router' || owner === 'kube-proxy') return [];
    const values = {
      virtual: dst,
      port: dport,
      proto,
      chain: textOf(step, 'chain'),
      policy: step.action.code === 'policy-drop',
      reject: step.action.code === 'rule-reject',
      owner,
      packets: Number(step.action.values.packets ?? -1),
    };
    if (!knows(ns, 'ipvsadm')) return [];
    const service = virtualService(ns, { proto, address: dst, port: dport });
    if (!service) return [];
    const connection = connectionsOf({ namespace: ns, service, step })[0];
    if (connection)
      return [{ kind: 'ruled-out', because: 'connection-made', values, evidence: decisiveLine(connection) }];
    if (!knows(ns, 'ipvsadm-connections') && context.evidence.seen === 'unknown')
      return [undecided([{ kind: 'ipvsadm-connections', namespace: ns.id }], values)];
    const fix = ruleChange(ns, {
      family,
      table: 'filter',
      chain: 'INPUT',
      position: 1,
      dst,
      proto,
      dport,
      target: 'ACCEPT',
    });
    return [
      foundAt(step, {
        confidence: confidenceOfEnd(context),
        values,
        evidence: [
          ...proofsOf(step, ['DROP', 'REJECT', textOf(step, 'chain')]),
          ...decisiveLine(service, [`${dst}:${dport}`]),
          ...symptomLines(context),
        ],
        fixes: [
          { id: 'accept', commands: [fix.command], changes: [fix.change], values: { virtual: dst, port: dport } },
        ],
      }),
    ];
  },
};
