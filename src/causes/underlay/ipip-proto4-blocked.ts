import { symptomLines, weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, deathBy, deathFound } from '../facts/death.ts';
import { dropRuleOf, dropValues } from '../facts/drop-rule.ts';
import { decisiveLine, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { permission } from '../facts/host-firewall.ts';
import { anyArrivalFrom, isIpip } from '../facts/outer.ts';
import { unwatchedTunnel, vanishedInTunnel } from '../facts/vanished.ts';

/**
 * IP-in-IP packets (protocol 4, or GRE's 47) leave one node and do not reach the other: some clouds carry nothing but TCP, UDP and ICMP, and security groups that name
 * ports leave other protocols out.
 */
export const ipipProto4Blocked: Cause = {
  id: 'ipip-proto4-blocked',
  group: 'C',
  layer: 'underlay',
  control: false,
  needs: ['tcpdump', 'ip-link', 'ip-route', 'iptables-save', 'conntrack'],
  references: ['net/ipv4/ip_tunnel.c: ip_tunnel_xmit', 'RFC 2003', 'projectcalico.org: IP-in-IP on Azure'],
  explains: ['forward-chain-drop'],
  detect: (context) => {
    const death = deathBy(context, 'lost', 'rule-drop', 'rule-reject', 'policy-drop');
    if (!death) return vanished(context);
    const outer = death.step.before;
    if (!outer.inner || (outer.proto !== 'ipip' && outer.proto !== 'gre')) return [];
    const values = { from: outer.src, to: outer.dst, kind: outer.proto, number: outer.proto === 'gre' ? 47 : 4 };
    if (death.code === 'lost') {
      const receiver = context.network.namespaces.get(textOf(death.step, 'to'));
      const contrast = receiver && anyArrivalFrom(receiver, outer.src);
      const other = contrast && !isIpip(contrast) ? contrast : undefined;
      return deathFound(context, death, {
        confidence: 'certain',
        values: { ...values, by: 'network', otherwise: other !== undefined },
        evidence: supportingLine(other),
      });
    }
    const drop = dropRuleOf(death.namespace, death.step);
    const walked = confidenceOfDeath(context, death);
    return deathFound(context, death, {
      confidence: drop.packets === 0 ? weaker('likely', walked) : walked,
      values: { ...dropValues(drop), ...values, by: 'rule', otherwise: false },
      words: [drop.chain],
      fixes: permission(death, drop),
    });
  },
};

/** Nothing was captured at the receiver, but nothing of the flow is in its tables either. */
const vanished = (context: CauseContext): readonly Verdict[] => {
  const gone = vanishedInTunnel(context, 'ipip-encapsulate');
  if (!gone) return unwatchedTunnel(context, ({ proto }) => proto === 'ipip' || proto === 'gre');
  const { step, sender, receiver, sent, isTracked } = gone;
  const { src, dst, proto } = step.after;
  const found = foundAt(step, {
    confidence: isTracked ? 'likely' : 'possible',
    values: { from: src, to: dst, kind: proto, number: proto === 'gre' ? 47 : 4, by: 'network', otherwise: false },
    evidence: [...sent.slice(0, 3).flatMap((view) => decisiveLine(view)), ...proofsOf(step), ...symptomLines(context)],
  });
  return [{ ...found, node: null, namespace: '', at: 'between', between: [sender.node, receiver.node] }];
};
