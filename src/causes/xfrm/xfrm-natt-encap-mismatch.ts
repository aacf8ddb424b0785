import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { countingWithout } from '../facts/trace.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import { counterZero, espLines, spiText, xfrmEnd } from '../facts/xfrm-end.ts';
import { statesOf } from '../facts/xfrm-policy.ts';

/** One end wraps ESP into UDP and the other does not: after a restart behind NAT, or where only one side forces the encapsulation. */
export const xfrmNattEncapMismatch: Cause = {
  id: 'xfrm-natt-encap-mismatch',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_input.c: xfrm_input (encap_type)', 'RFC 3948'],
  detect: (context) => {
    const missing = countingWithout(context, 'xfrm-state', 'esp', 'XfrmInStateMismatch');
    if (missing.length > 0) return [undecided(missing, {})];
    const ending = xfrmEnd(context, 'encap-mismatch');
    if (!ending) return [];
    const { step, namespace: ns, leg } = ending;
    const state = statesOf(ns, step)[0];
    const wrapped = step.before.proto === 'udp';
    // UDP on the encapsulation port without a socket that opens it is refused by UDP itself.
    const drops = wrapped ? counted(ns, 'XfrmInStateMismatch', 'UdpNoPorts') : counted(ns, 'XfrmInStateMismatch');
    const closes = leg.steps.findLast((s) => s.action.code === 'esp-encapsulate');
    const sender = closes && context.network.namespaces.get(namespaceId(closes));
    const sending = closes && sender ? statesOf(sender, closes)[0] : undefined;
    const values = {
      spi: spiText(step.before.spi ?? 0),
      wrapped,
      src: step.before.src,
      dst: step.before.dst,
      sender: sender?.node ?? '',
      counter: drops.value,
      counterName: drops.counter?.name ?? '',
    };
    if (drops.state === 'zero' && !wrapped) return [counterZero(drops, values)];
    return [
      foundAt(step, {
        confidence: confidenceByCounter(context, drops),
        values,
        evidence: [
          ...counterLine(drops),
          ...decisiveLine(state, ['encap', spiText(state?.spi ?? 0)]),
          ...decisiveLine(sending, ['encap', spiText(sending?.spi ?? 0)]),
          ...espLines(context, ns, leg.direction),
          ...proofsOf(step),
          ...symptomLines(context),
        ],
        fixes: state
          ? [
              {
                id: 'same-encapsulation',
                commands: [],
                changes: [
                  { namespace: ns.id, op: 'delete', what: 'xfrm-state', source: state.source },
                  {
                    namespace: ns.id,
                    op: 'add',
                    what: 'xfrm-state',
                    record: {
                      ...state,
                      encap: wrapped ? (sending?.encap ?? { type: 'espinudp', sport: 4500, dport: 4500 }) : undefined,
                    },
                  },
                ],
                values: { wrapped },
              },
            ]
          : [],
      }),
    ];
  },
};
