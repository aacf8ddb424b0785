import { stuckOf } from '../../evidence/seen.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { PacketView } from '../../records/packet.ts';
import { symptomLines, weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, type Death, deathBy, deathFound, leftAsWalked } from '../facts/death.ts';
import { dropRuleOf, dropValues } from '../facts/drop-rule.ts';
import { decisiveLine, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Values, Verdict } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { permission } from '../facts/host-firewall.ts';
import { anyArrivalFrom, isVxlan, outerPackets } from '../facts/outer.ts';
import { nextHopBefore, peersOf, tunnelEndOf } from '../facts/tunnel.ts';
import { unwatchedTunnel, vanishedInTunnel } from '../facts/vanished.ts';

/**
 * The overlay's UDP packets leave one node and do not reach the other, or are dropped by a rule on either: a security group, a firewall, a hypervisor that uses the
 * same port for an overlay of its own. Nodes reach each other otherwise.
 */
export const vxlanUdpBlocked: Cause = {
  id: 'vxlan-udp-blocked',
  group: 'B',
  layer: 'underlay',
  control: false,
  needs: ['tcpdump', 'ip-link', 'bridge-fdb', 'iptables-save', 'conntrack'],
  references: ['RFC 7348', 'flannel-io/flannel: UDP 8472', 'submariner-io/submariner#2841'],
  explains: ['forward-chain-drop', 'neigh-failed-next-hop'],
  detect: (context): readonly Verdict[] => {
    const death = deathBy(context, 'lost', 'rule-drop', 'rule-reject', 'policy-drop', 'neighbour-failed');
    if (!death) return vanished(context);
    if (death.code === 'neighbour-failed') return unanswered(context, death);
    // A connection that came about and is stuck with its large segments had its small ones carried.
    if (death.code === 'lost' && !leftAsWalked(context, death)) return [];
    if (death.code === 'lost' && context.evidence.seen === 'stalled' && stuckOf(context.evidence.packets).length > 0)
      return [];
    const outer = death.step.before;
    if (outer.vni === undefined || !outer.inner) return [];
    const values = { port: outer.dport ?? 0, from: outer.src, to: outer.dst };
    if (death.code === 'lost') {
      const receiver = context.network.namespaces.get(textOf(death.step, 'to'));
      const contrast = receiver && contrastOf(receiver, outer.src, outer.dport ?? 0);
      return deathFound(context, death, {
        confidence: 'certain',
        values: { ...values, by: 'network', otherwise: contrast !== undefined },
        evidence: supportingLine(contrast),
        fixes: [openPort(outer.src, outer.dst, outer.dport ?? 0)],
      });
    }
    return byRule(context, death, values);
  },
};

const openPort = (from: string, to: string, port: number) => ({
  id: 'open-port',
  commands: [],
  changes: [],
  values: { from, to, port },
});

/** Nothing was captured at the receiver, but nothing of the flow is in its tables either. */
const vanished = (context: CauseContext): readonly Verdict[] => {
  const gone = vanishedInTunnel(context, 'vxlan-encapsulate');
  if (!gone) return unwatchedTunnel(context, ({ vni }) => vni !== undefined);
  const { step, sender, receiver, sent, isTracked } = gone;
  const { src, dst, dport = 0 } = step.after;
  const found = foundAt(step, {
    confidence: isTracked ? 'likely' : 'possible',
    values: { port: dport, from: src, to: dst, by: 'network', otherwise: false },
    evidence: [...sent.slice(0, 3).flatMap((view) => decisiveLine(view)), ...proofsOf(step), ...symptomLines(context)],
    fixes: [openPort(src, dst, dport)],
  });
  return [{ ...found, node: null, namespace: '', at: 'between', between: [sender.node, receiver.node] }];
};

/** Packets of another kind that the receiver got from the same node. */
const contrastOf = (ns: NetNamespace, from: string, port: number): PacketView | undefined => {
  const any = anyArrivalFrom(ns, from);
  return any && !isVxlan(port)(any) ? any : undefined;
};

const byRule = (context: CauseContext, death: Death, values: Values): readonly Found[] => {
  const ns = death.namespace;
  const drop = dropRuleOf(ns, death.step);
  const walked = confidenceOfDeath(context, death);
  return deathFound(context, death, {
    confidence: drop.packets === 0 ? weaker('likely', walked) : walked,
    values: { ...dropValues(drop), ...values, by: 'rule', otherwise: false },
    words: [drop.chain],
    fixes: permission(death, drop),
  });
};

/**
 * A device that asks its peers for the neighbour got no answer, because the question itself travels in the tunnel: outer packets are seen to leave and not to arrive.
 */
const unanswered = (context: CauseContext, death: Death): readonly Found[] => {
  const ns = death.namespace;
  const device = textOf(death.step, 'device');
  const link = ns.links.get(device);
  if (!link?.vxlan) return [];
  const end =
    tunnelEndOf(context.network, nextHopBefore(death.leg, death.step)) ?? peersOf(context.network, ns, link)[0];
  const { port, local } = link.vxlan;
  if (!end?.local || local === undefined) return [];
  const sent = outerPackets(ns, local, end.local, isVxlan(port)).filter((view) => view.direction !== 'in');
  const came = outerPackets(end.namespace, local, end.local, isVxlan(port)).filter((view) => view.direction !== 'out');
  if (sent.length === 0 || came.length > 0 || end.namespace.packets.length === 0) return [];
  const contrast = contrastOf(end.namespace, local, port);
  return deathFound(context, death, {
    confidence: contrast ? 'certain' : 'likely',
    values: { port, from: local, to: end.local, by: 'network', otherwise: contrast !== undefined },
    evidence: [...sent.slice(0, 2).flatMap((view) => decisiveLine(view)), ...supportingLine(contrast)],
    fixes: [openPort(local, end.local, port ?? 0)],
  }).map((found) => ({
    ...found,
    node: null,
    namespace: '',
    at: 'between',
    between: [ns.node, end.namespace.node] as const,
  }));
};
