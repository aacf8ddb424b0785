import type { XfrmState } from '../../records/xfrm.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { type SaTrouble, saFound, saRuledOut, saUndecided, vanishings, weigh } from '../facts/sa-trouble.ts';

const TROUBLE: SaTrouble = {
  counters: ['XfrmInStateProtoError'],
  statistic: (state) => state.stats?.failed,
  words: ['failed'],
};

/** The ends of a tunnel authenticate with different keys or algorithms: every packet fails its integrity check. */
export const xfrmAuthKeyMismatch: Cause = {
  id: 'xfrm-auth-key-mismatch',
  group: 'B',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-stat', 'tcpdump'],
  references: ['net/ipv4/esp4.c: esp_input_done2', 'net/xfrm/xfrm_input.c: xfrm_input', 'RFC 4303 section 3.4.4'],
  detect: (context) =>
    vanishings(context).flatMap((crossing): readonly Verdict[] => {
      const weighed = weigh(TROUBLE, crossing);
      const differs = algorithmsDiffer(crossing.sending, crossing.receiving);
      const { at, statistic } = weighed;
      if (weighed.confidence === undefined) {
        if (at.state === 'unknown' && statistic === undefined) return saUndecided(crossing, weighed);
        return saRuledOut('integrity-ok', crossing, weighed);
      }
      // Without the SA's statistics the counter may as well mean garbage behind a good check; an AEAD has no such state.
      const isOpen = statistic === undefined && !differs && !isAead(crossing.receiving);
      return [
        saFound(context, crossing, {
          at,
          confidence: isOpen ? 'possible' : weighed.confidence,
          words: TROUBLE.words,
          values: {
            failed: statistic ?? 0,
            differs,
            sendingAlgorithms: names(crossing.sending),
            receivingAlgorithms: names(crossing.receiving),
          },
          fix: 'rekey',
        }),
      ];
    }),
};

const isAead = (state: XfrmState): boolean => state.algorithms.some((a) => a.kind === 'aead');

const names = (state: XfrmState | undefined): readonly string[] =>
  (state?.algorithms ?? []).map((a) => `${a.name}${a.truncBits === undefined ? '' : ` (${a.truncBits} bits)`}`);

const algorithmsDiffer = (a: XfrmState | undefined, b: XfrmState): boolean =>
  a !== undefined && names(a).join() !== names(b).join();
