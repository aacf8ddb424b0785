import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Packet } from '../../path/packet.ts';
import type { Step } from '../../path/step.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import type { PacketView } from '../../records/packet.ts';
import { namespaceId, textOf } from './ending.ts';
import type { CauseContext, Undecided } from './finding.ts';
import { undecided } from './found.ts';
import { crossoversOf, seenBehind } from './trace.ts';

/** A tunnel packet that was seen to leave and of which its receiver shows no trace, although its state would let it in. */
export interface Vanished {
  readonly step: Step;
  readonly sender: NetNamespace;
  readonly receiver: NetNamespace;
  readonly sent: readonly PacketView[];
  /** The receiver's connection table was captured: an entry would be in it. */
  readonly isTracked: boolean;
}

/** The connection table was captured and has entries: a flow that passed has one. */
const isTracking = (ns: NetNamespace): boolean => knows(ns, 'conntrack') && (ns.conntrack[0]?.count ?? 0) > 0;

/**
 * The walk would deliver, the client ran into a timeout, and the last thing that was seen of the request is its tunnel packet at the sender's uplink. What a
 * receiver without packet captures leaves open, its connection table tells: a request that came out of the tunnel would have an entry.
 */
export const vanishedInTunnel = (context: CauseContext, code: ActionCode): Vanished | undefined => {
  if (context.evidence.seen !== 'timeout' || context.branch.outcome !== 'delivered') return undefined;
  const step = context.branch.forward.steps.findLast((s) => s.action.code === code);
  const sender = step && context.network.namespaces.get(namespaceId(step));
  if (!step || !sender) return undefined;
  const remote = textOf(step, 'remote');
  const receiver = context.network
    .owners(remote)
    .find((o) => o.link.kind !== 'dummy' && o.namespace.name === '')?.namespace;
  if (!receiver || receiver === sender) return undefined;
  const onNode = (namespace: string): boolean => namespace === receiver.id || namespace.startsWith(`${receiver.node}/`);
  if (
    context.evidence.packets.some((p) => onNode(p.namespace)) ||
    context.evidence.entries.some((e) => onNode(e.namespace))
  )
    return undefined;
  const sent = context.evidence.packets
    .filter(
      (p) => p.namespace === sender.id && p.leg === 'forward' && p.wrapping !== 'plain' && p.view.direction !== 'in',
    )
    .map((p) => p.view);
  if (sent.length < 2) return undefined;
  return {
    step,
    sender,
    receiver,
    sent,
    isTracked: isTracking(receiver),
  };
};

/**
 * The request's tunnel packet was to go to a node that tracks connections and has no entry of this one, and nobody captured packets there: whether they leave and arrive is
 * what tells. Only where nothing of the flow was seen behind.
 */
export const unwatchedTunnel = (context: CauseContext, isTunnel: (outer: Packet) => boolean): readonly Undecided[] => {
  if (context.evidence.seen !== 'timeout' || context.branch.outcome !== 'delivered') return [];
  for (const { leg, step, sender, receiver } of crossoversOf(context)) {
    const { src, dst, dport = 0, inner } = step.after;
    if (leg.direction === 'reply' || !inner || !isTunnel(step.after) || receiver.packets.length > 0) continue;
    if (!isTracking(receiver) || seenBehind(context, leg, step)) continue;
    const unseen = sender.packets.length > 0 ? [receiver] : [sender, receiver];
    return [
      undecided(
        unseen.map((ns) => ({ kind: 'tcpdump', namespace: ns.id })),
        { port: dport, from: src, to: dst },
      ),
    ];
  }
  return [];
};
