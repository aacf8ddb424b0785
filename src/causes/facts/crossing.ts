import type { SeenPacket } from '../../evidence/observation.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import { watches } from '../../path/sightings.ts';
import type { Step } from '../../path/step.ts';
import type { Leg } from '../../path/walk-result.ts';
import type { XfrmState } from '../../records/xfrm.ts';
import { isBroken } from './confidence.ts';
import { namespaceId } from './ending.ts';
import type { CauseContext } from './finding.ts';
import { statesOf } from './xfrm-policy.ts';

/** The flow's way through an ESP tunnel: the SA that encrypts, the SA that decrypts, and what was seen around the latter. */
export interface Crossing {
  readonly leg: Leg;
  /** Position of the decapsulation in the leg. */
  readonly index: number;
  readonly opens: Step;
  readonly closes: Step | undefined;
  readonly receiver: NetNamespace;
  readonly receiving: XfrmState;
  readonly sender: NetNamespace | undefined;
  readonly sending: XfrmState | undefined;
  /** ESP packets that reached the receiver. */
  readonly arrived: readonly SeenPacket[];
  /** The same packets after decryption. */
  readonly opened: readonly SeenPacket[];
  /** The receiver's packets were captured. */
  readonly watched: boolean;
}

/** Every tunnel that the walk takes, in its order. */
export const crossingsOf = (context: CauseContext): readonly Crossing[] =>
  [context.branch.forward, ...(context.branch.reply ? [context.branch.reply] : [])].flatMap((leg) =>
    leg.steps.flatMap((opens, index): Crossing[] => {
      const receiver = context.network.namespaces.get(namespaceId(opens));
      const receiving = receiver && opens.action.code === 'esp-decapsulate' ? statesOf(receiver, opens)[0] : undefined;
      if (!receiver || !receiving) return [];
      const closes = leg.steps.slice(0, index).findLast((s) => s.action.code === 'esp-encapsulate');
      const sender = closes && context.network.namespaces.get(namespaceId(closes));
      const here = context.evidence.packets.filter((p) => p.namespace === receiver.id && p.leg === leg.direction);
      return [
        {
          leg,
          index,
          opens,
          closes,
          receiver,
          receiving,
          sender,
          sending: closes && sender ? statesOf(sender, closes)[0] : undefined,
          arrived: here.filter((p) => p.wrapping === 'esp' && p.view.direction !== 'out'),
          opened: here.filter((p) => p.wrapping !== 'esp'),
          watched: watches(receiver, opens.device),
        },
      ];
    }),
  );

/**
 * The tunnel behind which the flow vanished although the dumped state would let it through: its first in whose receiver nothing of the flow was seen
 * decrypted; every later one too where no captures tell them apart. Empty where the flow works.
 */
export const silentCrossings = (context: CauseContext): readonly Crossing[] => {
  if (!isBroken(context) || context.evidence.seen === 'unknown') return [];
  const all = crossingsOf(context);
  const first = all.findIndex((crossing) => crossing.opened.length === 0);
  if (first < 0) return [];
  // Where the walk itself ends elsewhere, only a tunnel that was seen to swallow the packets comes before that end.
  const walked = context.branch.outcome === 'delivered' || context.branch.outcome === 'unknown';
  // Without captures at the receivers every tunnel of the way may be the one.
  return all
    .slice(first)
    .filter((crossing, i) => i === 0 || !all[first]?.watched || !crossing.watched)
    .filter(
      (crossing) => walked || (crossing.watched && crossing.arrived.length > 0) || crossing.receiving.packets === 0,
    );
};
