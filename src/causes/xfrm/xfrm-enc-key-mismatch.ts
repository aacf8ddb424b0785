import type { XfrmState } from '../../records/xfrm.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { type SaTrouble, saFound, saUndecided, vanishings, weigh } from '../facts/sa-trouble.ts';
import { counted } from '../facts/xfrm-counter.ts';

const TROUBLE: SaTrouble = {
  counters: ['XfrmInStateProtoError', 'XfrmInStateModeError'],
  statistic: () => undefined,
  words: ['failed'],
};

/** The integrity check holds and decryption makes garbage: cipher keys differ while the authentication keys agree. Only without AEAD. */
export const xfrmEncKeyMismatch: Cause = {
  id: 'xfrm-enc-key-mismatch',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-stat', 'tcpdump'],
  references: ['net/ipv4/esp4.c: esp_remove_trailer', 'net/xfrm/xfrm_input.c: xfrm_input'],
  detect: (context) =>
    vanishings(context).flatMap((crossing): readonly Verdict[] => {
      const { receiving, receiver } = crossing;
      // An AEAD would fail its check; a good check with failures has another cause.
      if (!isPlainCipher(receiving) || (receiving.stats?.failed ?? 0) > 0) return [];
      const weighed = weigh(TROUBLE, crossing);
      if (weighed.at.state === 'unknown') return saUndecided(crossing, weighed);
      if (weighed.confidence === undefined || counted(receiver, 'XfrmInStateSeqError').state === 'counted') return [];
      return [
        saFound(context, crossing, {
          at: weighed.at,
          confidence: receiving.stats === undefined ? 'possible' : 'likely',
          words: TROUBLE.words,
          values: { cipher: receiving.algorithms.find((a) => a.kind.startsWith('enc'))?.name ?? '' },
          fix: 'rekey',
        }),
      ];
    }),
};

const isPlainCipher = (state: XfrmState): boolean =>
  state.algorithms.some((a) => a.kind.startsWith('enc')) && !state.algorithms.some((a) => a.kind === 'aead');
