import { decisiveLine, endingOf, namespaceId, numberOf } from '../causes/facts/ending.ts';
import type { CauseContext, EvidenceLine, Found, RuledOut } from '../causes/facts/finding.ts';
import { ownEntries, seenBehind } from '../causes/facts/trace.ts';
import type { SeenEntry } from '../evidence/observation.ts';
import type { NetNamespace } from '../network/namespace.ts';

/**
 * The fact that refutes a finding which says that the flow ends where the walk does: the very rule has counted no packet although the flow was seen, or the flow, or an answer to
 * it, was seen behind the place. Undefined: nothing speaks against it.
 */
export const refuted = (found: Found, context: CauseContext): RuledOut | undefined => {
  const ending = endingOf(context);
  if (!ending || context.branch.outcome === 'delivered') return undefined;
  const { leg, step, namespace } = ending;
  const isHere = found.node === null || (found.node === step.node && found.namespace === step.namespace);
  if (!isHere) return undefined;
  const counted = numberOf(step, 'packets');
  if (counted === 0 && found.at === step.place && wasSeenIn(context, namespace) && countsPackets(namespace))
    return {
      kind: 'ruled-out',
      because: 'rule-counter-zero',
      values: { node: step.node },
      evidence: step.proofs.slice(0, 1).flatMap((proof) => decisiveLine(proof)),
    };
  if (leg.direction !== 'forward' && leg.direction !== 'reply') return undefined;
  const answer = answeredEntry(context);
  if (answer.length > 0 && (leg.direction === 'forward' ? isRepliedBehind(context) : isRepliedAtClient(context)))
    return { kind: 'ruled-out', because: 'replied', values: {}, evidence: answer };
  return undefined;
};

/** An ended connection's entry is of an earlier attempt: it says nothing of one that fails now. */
const isOfNow = ({ entry }: SeenEntry): boolean =>
  entry.state === undefined || entry.state === 'SYN_SENT' || entry.state === 'SYN_RECV';

/** The flow came to the namespace: its packets would have been counted there. */
const wasSeenIn = (context: CauseContext, { id }: NetNamespace): boolean =>
  ownEntries(context).some((e) => e.namespace === id && isOfNow(e)) ||
  context.evidence.packets.some((p) => p.namespace === id && p.layer !== undefined);

/** The rules were printed with their counters, and some of them have counted. */
const countsPackets = (ns: NetNamespace): boolean =>
  ns.tables.some((table) =>
    [...table.chains.values()].some(
      (chain) => (chain.counters?.packets ?? 0) > 0 || chain.rules.some((rule) => (rule.counters?.packets ?? 0) > 0),
    ),
  );

/** An entry of the very flow that has its answer. */
const answeredEntry = (context: CauseContext): readonly EvidenceLine[] => {
  const { src, dst } = context.flow.question;
  const entry = context.evidence.entries.find(
    (seen) =>
      seen.agrees !== false &&
      isOfNow(seen) &&
      !seen.entry.unreplied &&
      seen.entry.original.src === src &&
      seen.entry.original.dst === dst,
  );
  return decisiveLine(entry?.entry);
};

const isRepliedBehind = (context: CauseContext): boolean => {
  const ending = endingOf(context);
  return ending !== undefined && seenBehind(context, ending.leg, ending.step);
};

/** The namespace that sends has the answer in its own table: it came all the way, unless routing there drops it behind conntrack, which is an end in that very namespace. */
const isRepliedAtClient = (context: CauseContext): boolean => {
  const first = context.branch.forward.steps[0];
  const ending = endingOf(context);
  if (!first || !ending) return false;
  const client = namespaceId(first);
  return (
    namespaceId(ending.step) !== client &&
    ownEntries(context).some((e) => e.namespace === client && isOfNow(e) && !e.entry.unreplied)
  );
};
