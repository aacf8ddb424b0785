import { knows, type NetNamespace } from '../../network/namespace.ts';
import { type Death, deathBy, deathFound, leftAsWalked } from '../facts/death.ts';
import { decisiveLine, namespaceId, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { undecided } from '../facts/found.ts';
import { anyArrivalFrom } from '../facts/outer.ts';
import { isDefault, routeOfStep } from '../facts/route-search.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { crossoversOf, seenBehind } from '../facts/trace.ts';

/**
 * The network between the nodes carries only packets whose source is an address that it gave to the sender: a packet with a pod's or a virtual address as its source
 * leaves one node and does not reach the other, while the node's own packets do.
 */
export const underlayAntispoof: Cause = {
  id: 'underlay-antispoof',
  group: 'B',
  layer: 'underlay',
  control: false,
  needs: ['tcpdump', 'ip-addr', 'ip-route'],
  references: ['AWS EC2: source/destination check', 'submariner-io/submariner#6', 'submariner-io/submariner#3134'],
  detect: (context) => {
    const death = deathBy(context, 'lost');
    const packet = death?.step.before;
    if (!death) return unwatched(context);
    if (!packet || packet.inner || packet.spi !== undefined || !leftAsWalked(context, death)) return [];
    const ns = death.namespace;
    const egress = ns.links.get(death.step.device ?? '');
    // The sender's own address: some other filter is between the nodes.
    if (!egress || holds(ns, packet.src)) return [];
    const own = egress.addresses.find((a) => a.family === packet.family && a.scope === 'global');
    if (!own) return [];
    // Without its addresses nobody can say that the source is not the sender's own.
    if (!knows(ns, 'ip-addr'))
      return [
        undecided([{ kind: 'ip-addr', namespace: ns.id }], {
          source: packet.src,
          own: own.address,
          device: egress.name,
        }),
      ];
    const masquerade = ruleChange(ns, {
      family: packet.family,
      table: 'nat',
      chain: 'POSTROUTING',
      position: 1,
      src: packet.src,
      dst: packet.dst,
      target: 'MASQUERADE',
    });
    const receiver = context.network.namespaces.get(textOf(death.step, 'to'));
    const contrast = receiver && anyArrivalFrom(receiver, own.address);
    const direct = sentDirectly(context, death, ns);
    // Sent to a gateway, with nothing that shows what the gateway carries: the route is as good a reason as the source.
    if (!direct && !contrast) return [];
    return deathFound(context, death, {
      // That the route is right and the sender's own packets arrive leaves the source address as the difference.
      confidence: contrast && direct ? 'certain' : contrast || direct ? 'likely' : 'possible',
      values: { source: packet.src, own: own.address, device: egress.name, direct, contrast: contrast !== undefined },
      evidence: [...decisiveLine(own, [own.address]), ...supportingLine(contrast, [own.address])],
      fixes: [
        { id: 'permit-source', commands: [], changes: [], values: { source: packet.src } },
        {
          id: 'masquerade',
          commands: [masquerade.command],
          changes: [masquerade.change],
          values: { source: packet.src, own: own.address },
        },
      ],
    });
  },
};

const holds = (ns: NetNamespace, address: string): boolean =>
  [...ns.links.values()].some((l) => l.kind !== 'dummy' && l.addresses.some((a) => a.address === address));

/** A packet with a foreign source was seen to leave and nothing of it behind, where nobody captured packets: whether it arrives is what tells. */
const unwatched = (context: CauseContext): readonly Verdict[] => {
  if (context.evidence.seen !== 'timeout' || context.branch.outcome !== 'delivered') return [];
  for (const { leg, step, sender, receiver } of crossoversOf(context)) {
    const { src, dst, inner, spi } = step.after;
    if (inner || spi !== undefined || holds(sender, src) || receiver.packets.length > 0) continue;
    const left = context.evidence.packets.some(
      (p) =>
        p.leg === leg.direction && p.namespace === sender.id && p.view.direction === 'out' && p.wrapping === 'plain',
    );
    if (left && !seenBehind(context, leg, step))
      return [
        undecided([{ kind: 'tcpdump', namespace: receiver.id }], { source: src, dst, device: step.device ?? '' }),
      ];
  }
  return [];
};

/** The packet was handed to the receiver itself, not to a gateway that may know nothing of pods. */
const sentDirectly = (context: CauseContext, death: Death, ns: NetNamespace): boolean => {
  const routed = death.leg.steps.findLast((s) => s.place === 'routing' && namespaceId(s) === ns.id);
  if (!routed || isDefault(routeOfStep(ns, routed))) return false;
  const via = textOf(routed, 'via') || routed.before.dst;
  return context.network.owners(via).some((o) => o.namespace.id === textOf(death.step, 'to'));
};
