import type { NetNamespace } from '../../network/namespace.ts';
import type { XfrmState } from '../../records/xfrm.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, numberOf, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import { counterZero, listingLine, spiText, xfrmEnd, xfrmUnknown } from '../facts/xfrm-end.ts';
import { foreignReqid, foreignTunnel } from '../facts/xfrm-template.ts';

/** A policy wants the packet encrypted and there is no SA to do it with: the keying daemon has not set one up, or lost it. */
export const xfrmOutSaMissing: Cause = {
  id: 'xfrm-out-sa-missing',
  group: 'B',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-policy', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_state.c: xfrm_state_find', 'net/xfrm/xfrm_policy.c: xfrm_lookup_with_ifid'],
  detect: (context) => {
    const unknown = xfrmUnknown(context, 'xfrm-state-unknown', 'out', {});
    if (unknown) return [unknown];
    const ending = xfrmEnd(context, 'no-state');
    if (ending?.step.place !== 'xfrm-out') return [];
    const { step, namespace: ns } = ending;
    if (foreignReqid(ns, step) || foreignTunnel(ns, step)) return [];
    const larval = larvalStates(ns, textOf(step, 'tunnelDst'));
    const drops = counted(ns, 'XfrmOutNoStates', 'XfrmAcquireError', 'XfrmOutBundleGenError');
    const values = {
      src: step.before.src,
      dst: step.before.dst,
      tunnelSrc: textOf(step, 'tunnelSrc'),
      tunnelDst: textOf(step, 'tunnelDst'),
      reqid: numberOf(step, 'reqid') ?? 0,
      asked: larval.length > 0,
      counter: drops.value,
      counterName: drops.counter?.name ?? '',
    };
    // A larval state says the same as the counter: the kernel has asked the daemon for an SA and waits.
    if (drops.state === 'zero' && larval.length === 0) return [counterZero(drops, values)];
    const sure = larval.length > 0 ? ({ ...drops, state: 'counted' } as const) : drops;
    return [
      foundAt(step, {
        confidence: confidenceByCounter(context, sure),
        values,
        evidence: [
          ...counterLine(drops),
          ...proofsOf(step, [values.tunnelSrc, values.tunnelDst]),
          ...larval.flatMap((state) => decisiveLine(state, [spiText(0)])),
          ...ns.states.filter((state) => !larval.includes(state)).flatMap((state) => supportingLine(state)),
          ...listingLine(ns, 'xfrm-state'),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'establish',
            commands: [],
            changes: [],
            values: { tunnelSrc: values.tunnelSrc, tunnelDst: values.tunnelDst },
          },
        ],
      }),
    ];
  },
};

/** Acquire states: SPI 0, made while the keying daemon is asked. */
const larvalStates = (ns: NetNamespace, dst: string): readonly XfrmState[] =>
  ns.states.filter((state) => state.spi === 0 && state.dst === dst);
