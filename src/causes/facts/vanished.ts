import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { PacketView } from '../../records/packet.ts';
import { namespaceId, textOf } from '../ending.ts';
import type { CauseContext } from '../finding.ts';

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
export const isTracking = (ns: NetNamespace): boolean => knows(ns, 'conntrack') && (ns.conntrack[0]?.count ?? 0) > 0;

/**
 * The walk would deliver, the client ran into a timeout, and the last thing that was seen of the request is its tunnel packet at the sender's uplink. What a
 * receiver without packet captures leaves open, its connection table tells: a request that came out of the tunnel would have an entry.
 */
export const vanishedInTunnel = (context: CauseContext, code: string): Vanished | undefined => {
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
