import type { XfrmState } from '../../records/xfrm.ts';
import { symptomLines, weaker } from './confidence.ts';
import { type Crossing, silentCrossings } from './crossing.ts';
import { decisiveLine, supportingLine } from './ending.ts';
import type { CauseContext, Confidence, EvidenceLine, Found, RuledOut, Undecided, Values } from './finding.ts';
import { foundAt, undecided } from './found.ts';
import { type Counted, counted, counterLine, otherCounters } from './xfrm-counter.ts';
import { spiText } from './xfrm-end.ts';

const SHOWN = 3;

/** Values that every finding about an SA has. */
export const saValues = (crossing: Crossing): Values => ({
  spi: spiText(crossing.receiving.spi ?? 0),
  src: crossing.receiving.src,
  dst: crossing.receiving.dst,
  sender: crossing.sender?.node ?? '',
  receiver: crossing.receiver.node,
  answer: crossing.leg.direction === 'reply',
  arrived: crossing.arrived.length,
});

/** The two SAs, the ESP packets that arrived, the counter, and what the flow's client saw. */
export const saLines = (
  context: CauseContext,
  crossing: Crossing,
  at: Counted,
  words: readonly string[],
): EvidenceLine[] => [
  ...counterLine(at),
  ...decisiveLine(crossing.receiving, words),
  ...crossing.arrived
    .slice(0, SHOWN)
    .map((p): EvidenceLine => ({ source: p.view.source, role: 'decisive', words: [spiText(p.view.spi ?? 0)] })),
  ...supportingLine(crossing.sending, [spiText(crossing.sending?.spi ?? 0)]),
  ...otherCounters(crossing.receiver, at.counter?.name ?? ''),
  ...symptomLines(context),
];

/** How a fault of the receiving SA shows. */
export interface SaTrouble {
  /** Counters of the receiver; a kernel counts one of them. */
  readonly counters: readonly string[];
  /** The SA's own statistic: undefined where `ip -s` was not used. */
  statistic(state: XfrmState): number | undefined;
  /** Words to mark in the SA. */
  readonly words: readonly string[];
}

/** What a trouble comes to at one tunnel end. */
export interface Weighed {
  readonly at: Counted;
  readonly statistic: number | undefined;
  /** Undefined where nothing speaks for the trouble. */
  readonly confidence: Confidence | undefined;
}

/**
 * Certain where counter and statistic agree and ESP was seen to arrive with nothing behind it (or the SA has never decrypted a packet);
 * likely with one of the two.
 */
export const weigh = (trouble: SaTrouble, crossing: Crossing): Weighed => {
  const at = counted(crossing.receiver, ...trouble.counters);
  const statistic = trouble.statistic(crossing.receiving);
  const located = (crossing.watched && crossing.arrived.length > 0) || crossing.receiving.packets === 0;
  const speaks = at.state === 'counted' || (statistic ?? 0) > 0;
  if (!speaks || statistic === 0 || at.state === 'zero') return { at, statistic, confidence: undefined };
  const both = at.state === 'counted' && (statistic ?? 0) > 0;
  return { at, statistic, confidence: both && located ? 'certain' : 'likely' };
};

/** Tunnel ends at which ESP vanished, where the walk itself goes on. */
export const vanishings = (context: CauseContext): readonly Crossing[] => silentCrossings(context);

/** ESP was seen to arrive and nothing came out of it: the trouble is a real suspect, and this excludes it. */
export const saRuledOut = (because: string, crossing: Crossing, { at }: Weighed): readonly RuledOut[] =>
  crossing.arrived.length === 0
    ? []
    : [
        {
          kind: 'ruled-out',
          because,
          values: { ...saValues(crossing), counter: at.counter?.name ?? '' },
          evidence: [...counterLine(at), ...decisiveLine(crossing.receiving, ['stats:'])],
        },
      ];

/** Neither the counters nor the SA's statistics were captured, and ESP vanishes here. */
export const saUndecided = (crossing: Crossing, { at, statistic }: Weighed): readonly Undecided[] =>
  at.state === 'unknown' && statistic === undefined && crossing.arrived.length > 0
    ? [undecided([{ kind: 'xfrm-stat', namespace: crossing.receiver.id }], saValues(crossing))]
    : [];

/** A finding at the tunnel end that throws the packets away. */
export const saFound = (
  context: CauseContext,
  crossing: Crossing,
  parts: {
    readonly at: Counted;
    readonly confidence: Confidence;
    readonly words: readonly string[];
    readonly values: Values;
    readonly fix: string;
  },
): Found =>
  foundAt(crossing.opens, {
    confidence: context.evidence.seen === 'ok' ? weaker('possible', parts.confidence) : parts.confidence,
    values: {
      ...saValues(crossing),
      counter: parts.at.value,
      counterName: parts.at.counter?.name ?? '',
      ...parts.values,
    },
    evidence: saLines(context, crossing, parts.at, parts.words),
    fixes: [{ id: parts.fix, commands: [], changes: [], values: saValues(crossing) }],
  });
