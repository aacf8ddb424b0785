import type { NetNamespace } from '../../network/namespace.ts';
import type { XfrmState } from '../../records/xfrm.ts';
import { symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, namespaceId } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { saFound, vanishings } from '../facts/sa-trouble.ts';
import { countingWithout } from '../facts/trace.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import { spiText, xfrmEnd } from '../facts/xfrm-end.ts';
import { statesOf } from '../facts/xfrm-policy.ts';

/** An SA reached its hard limit and nobody made a new one: its packets are counted as expired, then there is no SA at all. */
export const xfrmSaExpired: Cause = {
  id: 'xfrm-sa-expired',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_state.c: xfrm_state_check_expire, xfrm_timer_handler'],
  explains: ['xfrm-in-sa-or-spi-missing', 'xfrm-out-sa-missing'],
  detect: (context) => [...unlisted(context), ...gone(context), ...atLimit(context)],
};

/** The kernel has counted packets that met an expired SA, and the SAs of today were not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  const missing = countingWithout(context, 'xfrm-state', 'any', 'XfrmInStateExpired', 'XfrmOutStateExpired');
  return missing.length > 0 ? [undecided(missing, {})] : [];
};

/** The SA is not there (any more), and the namespace has counted expired packets. */
const gone = (context: CauseContext): readonly Verdict[] => {
  const ending = xfrmEnd(context, 'no-state');
  if (!ending) return [];
  const { step, namespace: ns, leg } = ending;
  const inbound = step.place === 'decapsulation';
  const expired = counted(ns, inbound ? 'XfrmInStateExpired' : 'XfrmOutStateExpired');
  if (expired.state !== 'counted') return [];
  const missing = counted(ns, inbound ? 'XfrmInNoStates' : 'XfrmOutNoStates');
  const closes = leg.steps.findLast((s) => s.action.code === 'esp-encapsulate');
  const sender = closes && context.network.namespaces.get(namespaceId(closes));
  const sending = inbound && closes && sender ? statesOf(sender, closes)[0] : undefined;
  return [
    foundAt(step, {
      // Expired and missing are two counters of the same history; an SA that was never there has only the second.
      confidence: weaker(confidenceByCounter(context, missing), confidenceByCounter(context, expired)),
      values: {
        inbound,
        spi: spiText(step.before.spi ?? 0),
        src: inbound ? step.before.src : String(step.action.values.tunnelSrc ?? ''),
        dst: inbound ? step.before.dst : String(step.action.values.tunnelDst ?? ''),
        sender: sender?.node ?? '',
        limit: '',
        current: 0,
        counter: expired.value,
        counterName: expired.counter?.name ?? '',
      },
      evidence: [
        ...counterLine(expired),
        ...counterLine(missing),
        ...decisiveLine(sending, [spiText(sending?.spi ?? 0)]),
        ...ns.states.flatMap((state) => decisiveLine(state)),
        ...symptomLines(context),
      ],
      fixes: [{ id: 'rekey', commands: [], changes: [], values: {} }],
    }),
  ];
};

/** The SA is there with its limit reached. */
const atLimit = (context: CauseContext): readonly Verdict[] =>
  vanishings(context).flatMap((crossing): readonly Verdict[] => [
    ...exhausted(context, crossing.receiver, crossing.receiving, true, crossing),
    ...(crossing.sender && crossing.sending
      ? exhausted(context, crossing.sender, crossing.sending, false, crossing)
      : []),
  ]);

const exhausted = (
  context: CauseContext,
  ns: NetNamespace,
  state: XfrmState,
  inbound: boolean,
  crossing: Parameters<typeof saFound>[1],
): readonly Verdict[] => {
  const limit = limitReached(state);
  const expired = counted(ns, inbound ? 'XfrmInStateExpired' : 'XfrmOutStateExpired');
  if (limit === undefined || expired.state === 'zero') return [];
  const found = saFound(context, crossing, {
    at: expired,
    confidence: confidenceByCounter(context, expired),
    words: ['hard', String(limit.current)],
    values: {
      inbound,
      src: state.src,
      dst: state.dst,
      sender: crossing.sender?.node ?? '',
      limit: limit.unit,
      current: limit.current,
    },
    fix: 'rekey',
  });
  return [
    inbound || !crossing.closes ? found : { ...found, node: ns.node, namespace: ns.name, at: crossing.closes.place },
  ];
};

const limitReached = (state: XfrmState): { readonly unit: string; readonly current: number } | undefined => {
  if (state.hardPackets !== undefined && (state.packets ?? 0) >= state.hardPackets)
    return { unit: 'packets', current: state.packets ?? 0 };
  if (state.hardBytes !== undefined && (state.bytes ?? 0) >= state.hardBytes)
    return { unit: 'bytes', current: state.bytes ?? 0 };
  return undefined;
};
