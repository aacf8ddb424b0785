import type { Step } from '../../path/step.ts';
import { weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, deathBy, deathFound } from '../facts/death.ts';
import { dropRuleOf, dropValues } from '../facts/drop-rule.ts';
import { textOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { permission } from '../facts/host-firewall.ts';
import { VTEP_PORT, vtepOf } from '../facts/submariner.ts';
import { unwatchedTunnel } from '../facts/vanished.ts';

/** The VXLAN between the cluster's nodes and its gateway does not get through: UDP port 4800 is dropped on the way, or by a rule before the agent's own. */
export const submarinerUdp4800Blocked: Cause = {
  id: 'submariner-udp4800-blocked',
  group: 'C',
  layer: 'underlay',
  control: false,
  needs: ['tcpdump', 'ip-link', 'iptables-save', 'conntrack'],
  references: ['submariner-io/submariner#2841', 'submariner-io/submariner#3140'],
  explains: ['vxlan-udp-blocked', 'forward-chain-drop', 'underlay-antispoof'],
  detect: (context) => {
    const death = deathBy(context, 'lost', 'rule-drop', 'rule-reject', 'policy-drop');
    if (!death) return unwatchedTunnel(context, ({ vni, dport }) => vni !== undefined && dport === VTEP_PORT);
    const outer = death.step.before;
    if (outer.vni === undefined || !outer.inner) return [];
    const port = vtepOf(death.namespace)?.link.vxlan?.port ?? VTEP_PORT;
    if (outer.dport !== port || !isAgents(context.branch.forward.steps, context.branch.reply?.steps ?? [])) return [];
    const values = { port, from: outer.src, to: outer.dst };
    if (death.code === 'lost')
      return deathFound(context, death, {
        confidence: 'certain',
        values: { ...values, rule: false, chain: '', receiverNode: textOf(death.step, 'to') },
        fixes: [{ id: 'open-port', commands: [], changes: [], values: { port } }],
      });
    const drop = dropRuleOf(death.namespace, death.step);
    const walked = confidenceOfDeath(context, death);
    return deathFound(context, death, {
      confidence: drop.packets === 0 ? weaker('likely', walked) : walked,
      values: { ...dropValues(drop), ...values, rule: true, receiverNode: death.step.node },
      words: [drop.chain],
      fixes: permission(death, drop),
    });
  },
};

/** The last tunnel that the packet entered is the route agent's. */
const isAgents = (...legs: readonly (readonly Step[])[]): boolean => {
  const entered = legs.flat().findLast((s) => s.action.code === 'vxlan-encapsulate');
  return entered?.device === 'vx-submariner' || entered?.action.values.port === VTEP_PORT;
};
