import { weaker } from '../facts/confidence.ts';
import type { Crossing } from '../facts/crossing.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { type SaTrouble, saFound, saRuledOut, saUndecided, vanishings, weigh } from '../facts/sa-trouble.ts';

const TROUBLE: SaTrouble = {
  counters: ['XfrmInStateSeqError'],
  statistic: (state) => (state.stats ? state.stats.replayWindow + state.stats.replay : undefined),
  words: ['replay-window', 'replay', 'seq'],
};

/**
 * The receiver has seen higher sequence numbers than the sender uses: the sender started again with the same SPI, or the network reorders
 * or doubles packets. They fall out of the replay window and are thrown away.
 */
export const xfrmReplayWindow: Cause = {
  id: 'xfrm-replay-window',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-stat', 'tcpdump'],
  references: ['net/xfrm/xfrm_replay.c: xfrm_replay_check', 'RFC 4303 section 3.4.3'],
  detect: (context) =>
    vanishings(context).flatMap((crossing): readonly Verdict[] => {
      const weighed = weigh(TROUBLE, crossing);
      const { at, statistic } = weighed;
      if (weighed.confidence === undefined) {
        if (at.state === 'unknown' && statistic === undefined) return saUndecided(crossing, weighed);
        return saRuledOut('in-window', crossing, weighed);
      }
      const behind = isBehind(crossing);
      const stats = crossing.receiving.stats;
      return [
        saFound(context, crossing, {
          at,
          // Old late packets leave the same counts: sure only where the packets of this flow are seen to be too old.
          confidence: behind === false ? weaker('likely', weighed.confidence) : weighed.confidence,
          words: TROUBLE.words,
          values: {
            late: stats?.replayWindow ?? 0,
            doubled: stats?.replay ?? 0,
            restarted: behind === true,
            sent: sentNumber(crossing) ?? 0,
            highest: crossing.receiving.seq ?? 0,
            window: crossing.receiving.replayWindow ?? 0,
          },
          fix: 'rekey',
        }),
      ];
    }),
};

/** The sequence number that the sender is at: the last ESP packet that was seen, else the sending SA's own. */
const sentNumber = ({ arrived, sending }: Crossing): number | undefined => arrived.at(-1)?.view.espSeq ?? sending?.oseq;

/** The sender's numbers lie below the receiver's window; undefined where the numbers are not known. */
const isBehind = (crossing: Crossing): boolean | undefined => {
  const sent = sentNumber(crossing);
  const highest = crossing.receiving.seq;
  if (sent === undefined || highest === undefined) return undefined;
  return sent <= highest;
};
