import { realHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { isRuleEnd } from '../facts/rules.ts';
import { isAssumed } from '../facts/set-assumption.ts';
import { memberOf, proxySet } from '../facts/sets.ts';

/**
 * KUBE-IPVS-FILTER refuses new connections to every address of KUBE-IPVS-IPS on ports of no service. An address of the node itself got into
 * that set, and with it the node's own programs are refused.
 */
export const kubeIpvsIpsContainsHostIp: Cause = {
  id: 'kube-ipvs-ips-contains-host-ip',
  group: 'C',
  layer: 'ipset',
  control: false,
  needs: ['ipset', 'ip-addr', 'iptables-save'],
  references: ['kubernetes/kubernetes#108460', 'k3s-io/k3s#7183'],
  versions: 'kube-proxy ipvs with KUBE-IPVS-FILTER',
  explains: ['ipvs-input-chain-drop'],
  detect: (context) => {
    const ending = endingOf(context);
    if (!ending || !isRuleEnd(ending.step) || context.evidence.seen === 'ok') return [];
    const { step, namespace: ns } = ending;
    if (!/^KUBE-(6-)?IPVS-FILTER$/.test(textOf(step, 'chain'))) return [];
    const { dst, dport, family } = step.before;
    const own = realHolding(ns, dst);
    if (!own) return [];
    const name = proxySet(family, 'KUBE-IPVS-IPS');
    const values = { address: dst, port: dport ?? 0, device: own.device, set: name };
    if (isAssumed(context, ns)) return [undecided([{ kind: 'ipset', namespace: ns.id }], values)];
    const member = memberOf(ns.sets.get(name), [dst]);
    if (!member) return [];
    return [
      foundAt(step, {
        confidence: confidenceOfEnd(context),
        values,
        evidence: [
          ...decisiveLine(member, [dst]),
          ...decisiveLine(own, [dst, own.device]),
          ...proofsOf(step, ['REJECT', name]),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'remove-member',
            commands: [],
            changes: [{ namespace: ns.id, op: 'delete', what: 'set-member', set: name, parts: member.parts }],
            values: { address: dst, set: name },
          },
        ],
      }),
    ];
  },
};
