import { stuckOf } from '../../evidence/seen.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { PacketView } from '../../records/packet.ts';
import { symptomLines, weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, type Death, deathBy, deathFound, leftAsWalked, packetOf } from '../facts/death.ts';
import { dropRuleOf, dropValues } from '../facts/drop-rule.ts';
import { decisiveLine, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Values, Verdict } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { permission, permissionAt } from '../facts/host-firewall.ts';
import { anyArrivalFrom, isVxlan, outerPackets } from '../facts/outer.ts';
import { outerRefusal } from '../facts/outer-refusal.ts';
import { askedEnd, nextHopBefore, underlayAddress } from '../facts/tunnel.ts';
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
 * A device that asks its peers for the neighbour got no answer, because the question itself travels in the tunnel: a rule refuses the outer packets, or they are seen to
 * leave and not to arrive.
 */
const unanswered = (context: CauseContext, death: Death): readonly Found[] => {
  const ns = death.namespace;
  const link = ns.links.get(textOf(death.step, 'device'));
  if (!link?.vxlan) return [];
  const end = askedEnd(context.network, ns, link, nextHopBefore(death.leg, death.step));
  const from = underlayAddress(ns, link);
  const { port } = link.vxlan;
  if (end?.local === undefined || from === undefined || port === undefined) return [];
  const asked: Asked = { death, receiver: end.namespace, from, to: end.local, port };
  return refusedOnTheWay(context, asked) ?? lostOnTheWay(context, asked);
};

interface Asked {
  readonly death: Death;
  readonly receiver: NetNamespace;
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

const sentBy = ({ death, from, to, port }: Asked): readonly PacketView[] =>
  outerPackets(death.namespace, from, to, isVxlan(port)).filter((view) => view.direction !== 'in');
const cameTo = ({ receiver, from, to, port }: Asked): readonly PacketView[] =>
  outerPackets(receiver, from, to, isVxlan(port)).filter((view) => view.direction !== 'out');

/** A rule of the sender's own, or of the receiver's where packets come to it: tcpdump sees them before its rules do. */
const refusedOnTheWay = (context: CauseContext, asked: Asked): readonly Found[] | undefined => {
  const { death, receiver, from, to, port } = asked;
  const refusal = outerRefusal(context, death.namespace, { src: from, dst: to, port });
  if (!refusal) return undefined;
  const { step, namespace: ns, drop } = refusal;
  const came = cameTo(asked);
  if (ns === receiver ? came.length === 0 && receiver.packets.length > 0 : sentBy(asked).length > 0) return undefined;
  // What a rule has counted, or what came and was not answered, is this; a rule that never counted a packet has refused none.
  const isShown = refusal.isExamined && (came.length > 0 || (drop.packets ?? 0) > 0);
  const most = drop.packets === 0 ? 'possible' : isShown ? 'certain' : 'likely';
  const found = foundAt(step, {
    confidence: weaker(most, confidenceOfDeath(context, death)),
    values: {
      ...packetOf(death.step),
      ...dropValues(drop),
      port,
      from,
      to,
      by: 'rule',
      otherwise: false,
      seenArriving: came.length,
    },
    evidence: [
      ...proofsOf(step, [drop.chain]),
      ...came.slice(0, 2).flatMap((view) => decisiveLine(view)),
      ...proofsOf(death.step, ['FAILED']),
      ...symptomLines(context),
    ],
    fixes: permissionAt(ns, step, drop),
  });
  return [found];
};

const lostOnTheWay = (context: CauseContext, asked: Asked): readonly Found[] => {
  const { death, receiver, from, to, port } = asked;
  const sent = sentBy(asked);
  if (sent.length === 0 || cameTo(asked).length > 0 || receiver.packets.length === 0) return [];
  const contrast = contrastOf(receiver, from, port);
  return deathFound(context, death, {
    confidence: contrast ? 'certain' : 'likely',
    values: { port, from, to, by: 'network', otherwise: contrast !== undefined },
    evidence: [...sent.slice(0, 2).flatMap((view) => decisiveLine(view)), ...supportingLine(contrast)],
    fixes: [openPort(from, to, port)],
  }).map((found) => ({
    ...found,
    node: null,
    namespace: '',
    at: 'between',
    between: [death.namespace.node, receiver.node] as const,
  }));
};
