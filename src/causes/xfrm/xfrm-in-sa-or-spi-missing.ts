import { decidingLeg } from '../../path/walk-result.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import { counterZero, espLines, listingLine, spiText, xfrmEnd, xfrmUnknown } from '../facts/xfrm-end.ts';
import { statesOf } from '../facts/xfrm-policy.ts';

const COUNTER = 'XfrmInNoStates';

/**
 * ESP arrives under an SPI that the receiver has no SA for: one end was keyed anew, restarted or flushed and the other one does not know.
 */
export const xfrmInSaOrSpiMissing: Cause = {
  id: 'xfrm-in-sa-or-spi-missing',
  group: 'B',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_input.c: xfrm_input', 'RFC 4303 section 3.4.2'],
  detect: (context) => {
    const unknown = xfrmUnknown(context, 'xfrm-state-unknown', 'in', {});
    if (unknown) return [unknown];
    const ending = xfrmEnd(context, 'no-state');
    if (ending?.step.place !== 'decapsulation') return [];
    const { step, namespace: ns, leg } = ending;
    const spi = step.before.spi ?? 0;
    const { src, dst } = step.before;
    const others = ns.states.filter((state) => state.dst === dst && state.spi !== 0);
    const sibling = others.find((state) => state.src === src) ?? others[0];
    const { sender, sending } = sendingState(context, leg.steps.indexOf(step));
    const drops = counted(ns, COUNTER);
    const values = {
      spi: spiText(spi),
      src,
      dst,
      sender: sender?.node ?? '',
      known: others.map((state) => spiText(state.spi ?? 0)),
      counter: drops.value,
    };
    if (drops.state === 'zero') return [counterZero(drops, values)];
    return [
      foundAt(step, {
        confidence: confidenceByCounter(context, drops),
        values,
        evidence: [
          ...counterLine(drops),
          ...espLines(context, ns, leg.direction),
          ...decisiveLine(sending, [sending ? spiText(sending.spi ?? 0) : '']),
          ...others.flatMap((state) => decisiveLine(state, [spiText(state.spi ?? 0)])),
          ...ns.states.filter((state) => !others.includes(state)).flatMap((state) => supportingLine(state)),
          ...listingLine(ns, 'xfrm-state'),
          ...symptomLines(context),
        ],
        fixes: sending
          ? [
              {
                id: 'rekey',
                commands: [],
                // The daemons agree again: the receiver knows the SPI that is sent, with the keys that go with it.
                changes: [
                  {
                    namespace: ns.id,
                    op: 'add',
                    what: 'xfrm-state',
                    record: { ...sending, src, dst, reqid: sibling?.reqid ?? sending.reqid, encap: sending.encap },
                  },
                ],
                values: { sender: sender?.node ?? '', spi: spiText(spi) },
              },
            ]
          : [],
      }),
    ];
  },
};

const sendingState = ({ branch, network }: CauseContext, before: number) => {
  const leg = decidingLeg(branch);
  const closes = leg.steps.slice(0, before).findLast((s) => s.action.code === 'esp-encapsulate');
  const sender = closes && network.namespaces.get(namespaceId(closes));
  return { sender, sending: closes && sender ? statesOf(sender, closes)[0] : undefined };
};
