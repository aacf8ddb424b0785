import type { Network } from '../network/network.ts';
import { arrived } from './arrival.ts';
import { type Branch, startBranch, type Tracking, type World } from './branch.ts';
import type { Sent } from './device/transmit.ts';
import type { Packet } from './packet.ts';
import type { FlowQuestion, Leg, LegEnd, Outcome, WalkBranch } from './walk-result.ts';

/** What one leg of a walk shares. */
export const worldOf = (
  network: Network,
  awaited: World['awaited'],
  nextEntryId: number,
  lostWays: World['lostWays'],
  more: Pick<World, 'before' | 'ofConnection'> = {},
): World => ({
  network,
  lostWays,
  nextEntryId,
  branches: 1,
  cut: false,
  awaited,
  ...more,
});

/** Beyond every number that the way there gave to an entry. */
export const MANY_ENTRIES = 10_000;

/** Before anything of the flow was tracked. */
const NOTHING: Tracking = { entries: new Map(), connections: [] };

/** The branch's way as a leg. */
export const legOf = (direction: Leg['direction'], packet: Packet, b: Branch): Leg => ({
  direction,
  packet,
  steps: b.steps,
  end: b.end as LegEnd,
});

/** A way of the flow that ends with these legs. */
export const branchOf = (b: Branch, forward: Leg, reply: Leg | undefined, outcome: Outcome): WalkBranch => ({
  forward,
  reply,
  ack: undefined,
  refusal: undefined,
  outcome,
  assumptions: b.assumptions,
  share: b.share,
  entries: b.tracking.entries,
  connections: b.tracking.connections,
});

/** Where the first packet begins: the sender's own output path, or the device by which it is received; nowhere where the question names no start. */
export const starts = (
  network: Network,
  question: FlowQuestion,
  sent: Packet,
  tracking: Tracking = NOTHING,
): readonly Sent[] => {
  const from = question.start === undefined ? undefined : network.namespaces.get(question.start);
  if (!from) return [];
  const begun = startBranch(from, sent, tracking);
  if (!question.arrival) return [{ branch: begun, next: 'output' }];
  return [{ branch: arrived(begun, question.arrival.device), next: 'receive' }];
};
