import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { vanishings } from '../facts/sa-trouble.ts';
import { countingWithout } from '../facts/trace.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import { spiText } from '../facts/xfrm-end.ts';

/** Packets before the 32-bit sequence number runs out for which the SA is taken to be at its end. */
const REST = 16;
const COUNTER = 'XfrmOutStateSeqError';

/** The sender has used up the sequence numbers of an SA without ESN and sends nothing any more. */
export const xfrmSeqExhausted: Cause = {
  id: 'xfrm-seq-exhausted',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_replay.c: xfrm_replay_overflow', 'cilium/cilium#26808'],
  detect: (context) => {
    // The numbers that are used up stand in the sender's SA.
    const missing = countingWithout(context, 'xfrm-state', 'any', COUNTER);
    return missing.length > 0 ? [undecided(missing, {})] : exhausted(context);
  },
};

const exhausted = (context: CauseContext): readonly Verdict[] =>
  vanishings(context).flatMap((crossing): readonly Verdict[] => {
    const { sender, sending, closes } = crossing;
    if (!sender || !sending || !closes || crossing.arrived.length > 0) return [];
    const drops = counted(sender, COUNTER);
    const esn = sending.flags.includes('esn');
    const atEnd = !esn && (sending.oseq ?? 0) >= 0xffff_ffff - REST;
    if (!atEnd && drops.state !== 'counted') return [];
    if (drops.state === 'zero') return [];
    // The counter alone may be an old SA's.
    const confidence = atEnd ? confidenceByCounter(context, drops) : 'possible';
    return [
      foundAt(closes, {
        confidence,
        values: {
          spi: spiText(sending.spi ?? 0),
          src: sending.src,
          dst: sending.dst,
          oseq: sending.oseq ?? 0,
          counter: drops.value,
        },
        evidence: [...counterLine(drops), ...decisiveLine(sending, ['oseq']), ...symptomLines(context)],
        fixes: [{ id: 'rekey', commands: [], changes: [], values: {} }],
      }),
    ];
  });
