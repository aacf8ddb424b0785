import type { SeenEntry, SeenPacket } from '../../evidence/observation.ts';
import { counter, knows, type NetNamespace } from '../../network/namespace.ts';
import type { Packet } from '../../path/packet.ts';
import { watches } from '../../path/sightings.ts';
import type { Missing, Step } from '../../path/step.ts';
import type { Leg } from '../../path/walk-result.ts';
import type { CaptureKind } from '../../records/capture.ts';
import { namespaceId, stepsOf, textOf } from './ending.ts';
import type { CauseContext } from './finding.ts';

/** The flow was seen to fail, and the dumped state lets it through: what ends it is not in the captures. */
export const failsUnexplained = (context: CauseContext): boolean =>
  isSeenFailing(context) && context.branch.outcome === 'delivered';

export const isSeenFailing = ({ evidence }: CauseContext): boolean =>
  evidence.seen !== 'ok' && evidence.seen !== 'unknown';

const leaves = ({ view }: SeenPacket, step: Step): boolean =>
  view.direction === 'out' || (view.direction === undefined && view.device === textOf(step, 'device'));

const innermost = (p: Packet): Packet => (p.inner ? innermost(p.inner) : p);

/** Entries of the flow itself: a tunnel's own entry, which other flows share, tells nothing of one. */
export const ownEntries = ({ branch, evidence }: CauseContext): readonly SeenEntry[] => {
  const names = new Set(
    branch.forward.steps.flatMap(({ before, after }) => [before, after].map(innermost)).map((p) => `${p.src} ${p.dst}`),
  );
  return evidence.entries.filter(
    ({ agrees, entry }) => agrees !== false && names.has(`${entry.original.src} ${entry.original.dst}`),
  );
};

/** Whether anything of the flow was seen in the namespaces behind a step of a leg, or an answer to it: a packet, or an entry (marked as replied where an answer came by). */
export const seenBehind = (context: CauseContext, leg: Leg, step: Step): boolean => {
  const order = [...new Set(leg.steps.map(namespaceId))];
  const here = order.indexOf(namespaceId(step));
  const isBehind = (namespace: string): boolean => order.indexOf(namespace) > here;
  const { packets } = context.evidence;
  const entries = ownEntries(context);
  if (packets.some((p) => p.leg === leg.direction && isBehind(p.namespace))) return true;
  if (leg.direction === 'reply') return entries.some((e) => !e.entry.unreplied && isBehind(e.namespace));
  return packets.some((p) => p.leg === 'reply') || entries.some((e) => !e.entry.unreplied || isBehind(e.namespace));
};

/** The same, or what shows that the step's own namespace let the packet go: seen as it left, or an entry, which conntrack confirms behind FORWARD only. */
export const wentOn = (context: CauseContext, leg: Leg, step: Step): boolean => {
  const id = namespaceId(step);
  return (
    context.evidence.packets.some((p) => p.leg === leg.direction && p.namespace === id && leaves(p, step)) ||
    (leg.direction === 'forward' && ownEntries(context).some((e) => e.namespace === id)) ||
    seenBehind(context, leg, step)
  );
};

/** The packet may end at a step: nothing of it was seen behind, and no capture that would have shown it come there lacks it. */
export const mayEndAt = (context: CauseContext, leg: Leg, step: Step): boolean => {
  const ns = context.network.namespaces.get(namespaceId(step));
  if (!ns || wentOn(context, leg, step)) return false;
  const came = context.evidence.packets.some((p) => p.leg === leg.direction && p.namespace === ns.id);
  return came || !watches(ns, textOf(step, 'iif') || step.device);
};

/** The packet's way from one node of the bundle to the next. */
export interface Crossover {
  readonly leg: Leg;
  /** The last step on the node that sends. */
  readonly step: Step;
  readonly sender: NetNamespace;
  readonly receiver: NetNamespace;
}

/** Every such way of both legs that the walk takes, in order. */
export const crossoversOf = (context: CauseContext): readonly Crossover[] =>
  legsOf(context).flatMap((leg) =>
    leg.steps.flatMap((step, i): Crossover[] => {
      const next = leg.steps[i + 1];
      const sender = context.network.namespaces.get(namespaceId(step));
      const receiver = next && context.network.namespaces.get(namespaceId(next));
      return sender && receiver && sender.node !== receiver.node ? [{ leg, step, sender, receiver }] : [];
    }),
  );

/** Packets of a leg that were seen to come in to a namespace. */
export const arrivalsAt = ({ evidence }: CauseContext, leg: Leg, id: string): readonly SeenPacket[] =>
  evidence.packets.filter((p) => p.leg === leg.direction && p.namespace === id && p.view.direction !== 'out');

/** Both legs of the walk, the request's first. */
export const legsOf = ({ branch }: CauseContext): readonly Leg[] => [
  branch.forward,
  ...(branch.reply ? [branch.reply] : []),
];

/**
 * The namespaces on a failing flow's way behind which nothing of it was seen, that lack a capture, and whose kernel has counted drops of one kind. `after`: only such that
 * the packet comes to out of a tunnel, or in the clear.
 */
export const countingWithout = (
  context: CauseContext,
  kind: CaptureKind,
  after: 'esp' | 'clear' | 'any',
  ...counters: readonly string[]
): readonly Missing[] => {
  if (!isSeenFailing(context)) return [];
  const opening = new Set(
    stepsOf(context).flatMap((s) =>
      s.action.code === 'esp-decapsulate' || s.before.spi !== undefined ? [namespaceId(s)] : [],
    ),
  );
  const missing = new Map<string, Missing>();
  for (const leg of legsOf(context))
    for (const id of new Set(leg.steps.map(namespaceId))) {
      const ns = context.network.namespaces.get(id);
      const own = leg.steps.filter((s) => namespaceId(s) === id);
      const last = own.at(-1);
      // What ends it here is known.
      const dies = last === leg.steps.at(-1) && leg.end.outcome !== 'delivered' && leg.end.outcome !== 'unknown';
      if (!ns || !last || dies || knows(ns, kind) || (after !== 'any' && (after === 'esp') !== opening.has(id)))
        continue;
      if (!counters.some((name) => (counter(ns, name)?.value ?? 0) > 0) || seenBehind(context, leg, last)) continue;
      missing.set(id, { kind, namespace: id });
    }
  return [...missing.values()];
};
