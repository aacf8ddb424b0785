import type { FlowEvidence } from '../../evidence/observation.ts';
import { tellsMartian, tellsRefusal } from '../../evidence/refusal-prefix.ts';
import type { CauseContext, Confidence, EvidenceLine } from './finding.ts';

/**
 * How sure the walk's end makes a cause that the configuration alone decides: certain where the flow was seen to fail as the walk says,
 * likely where nothing was seen of it, possible where it was seen to work or where a guess decides.
 */
export const confidenceOfEnd = (context: CauseContext): Confidence => {
  const { seen } = context.evidence;
  if (seen === 'ok') return 'possible';
  if (seen === 'unknown') return hangsOnGuess(context) ? 'possible' : 'likely';
  return contradicted(context) ? 'likely' : 'certain';
};

/**
 * Nothing was seen of the flow, and it would get through if a match that the bundle cannot decide had gone the other way; or its way leads over a network and through
 * pods of which the bundle shows nothing.
 */
const hangsOnGuess = ({ network, flow, branch }: CauseContext): boolean => {
  if (branch.assumptions.some((assumption) => 'matched' in assumption.values))
    if (flow.branches.some((other) => other.outcome === 'delivered')) return true;
  return (
    branch.assumptions.some((assumption) => assumption.code === 'network-between') &&
    branch.forward.steps.some((s) => network.namespaces.get(`${s.node}/${s.namespace}`)?.imagined)
  );
};

/** A dumped entry of the flow has other addresses than the walk gives it: the walk took another way than the packet. */
export const contradicted = (context: CauseContext): boolean =>
  context.evidence.entries.some((entry) => entry.agrees === false) &&
  !context.evidence.entries.some((entry) => entry.agrees === true);

export const weaker = (a: Confidence, b: Confidence): Confidence => {
  const order: readonly Confidence[] = ['possible', 'likely', 'certain'];
  return order[Math.min(order.indexOf(a), order.indexOf(b))] ?? 'possible';
};

/** The flow was seen to fail, or nothing was seen of it and the walk says that it fails. */
export const isBroken = (context: CauseContext): boolean =>
  context.evidence.seen !== 'ok' &&
  (context.branch.outcome !== 'delivered' || context.evidence.seen !== 'unknown' || isToldToFail(context.evidence));

/** The kernel's log says that packets of the flow were refused. */
export const isToldToFail = ({ signs }: FlowEvidence): boolean =>
  signs.some((sign) => tellsRefusal(sign) || tellsMartian(sign));

const ENTRIES = 3;
const PACKETS = 4;

/** What was seen of the flow's failing: its conntrack and IPVS entries, the first packets, the error that came back. */
export const symptomLines = (context: CauseContext): readonly EvidenceLine[] => {
  const { entries, connections, packets } = context.evidence;
  const errors = packets.filter((p) => p.leg === 'error' || p.layer?.tcpFlags?.includes('R'));
  const shown = [...errors.slice(0, 2), ...packets.filter((p) => p.leg !== 'error').slice(0, PACKETS - 2)];
  return [
    ...entries.slice(0, ENTRIES).map(
      (e): EvidenceLine => ({
        source: e.entry.source,
        role: 'supporting',
        words: [e.entry.state ?? '', ...(e.entry.unreplied ? ['[UNREPLIED]'] : [])].filter((w) => w !== ''),
      }),
    ),
    ...connections.slice(0, 1).map((c): EvidenceLine => ({ source: c.connection.source, role: 'supporting' })),
    ...shown.map((p): EvidenceLine => ({ source: (p.layer ?? p.view).source, role: 'supporting' })),
  ];
};
