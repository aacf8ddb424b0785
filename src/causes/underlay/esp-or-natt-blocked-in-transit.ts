import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { decidingLeg } from '../../path/walk-result.ts';
import type { XfrmState } from '../../records/xfrm.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { type Crossing, silentCrossings } from '../facts/crossing.ts';
import { decisiveLine, endingOf, namespaceId, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Verdict } from '../facts/finding.ts';
import { foundAt, foundAtEnd } from '../facts/found.ts';
import { isRuleEnd } from '../facts/rules.ts';
import { counted, counterLine } from '../facts/xfrm-counter.ts';
import { spiText, xfrmUnknown } from '../facts/xfrm-end.ts';
import { statesOf } from '../facts/xfrm-policy.ts';

/** ESP (protocol 50, or UDP 4500) leaves one gateway and does not reach the other: a firewall, a security group or a NAT without ESP. */
export const espOrNattBlockedInTransit: Cause = {
  id: 'esp-or-natt-blocked-in-transit',
  group: 'B',
  layer: 'underlay',
  control: false,
  needs: ['xfrm-state', 'tcpdump', 'xfrm-stat'],
  references: ['RFC 3948', 'submariner-io/submariner#1312'],
  explains: ['underlay-antispoof'],
  detect: (context) => {
    if (context.evidence.seen === 'ok') return [];
    const ending = endingOf(context);
    if (!ending) return [];
    const { step } = ending;
    const outer = step.before;
    const isEsp = outer.spi !== undefined && outer.inner !== undefined;
    if (isEsp && step.action.code === 'lost') return lost(context, step);
    if (isEsp && isRuleEnd(step)) return byRule(context, step);
    const counters = byCounters(context);
    return counters.length > 0 ? counters : unlisted(context);
  },
};

const saOf = (context: CauseContext, step: Step) => {
  const leg = decidingLeg(context.branch);
  const closes = leg.steps.slice(0, leg.steps.indexOf(step)).findLast((s) => s.action.code === 'esp-encapsulate');
  const sender = closes && context.network.namespaces.get(namespaceId(closes));
  return { sender, sending: closes && sender ? statesOf(sender, closes)[0] : undefined };
};

const stateOfSpi = (ns: NetNamespace | undefined, spi: number | undefined, dst: string): XfrmState | undefined =>
  ns?.states.find((state) => state.spi === spi && state.dst === dst);

const valuesOf = (step: Step, sent: number, received: number) => ({
  spi: spiText(step.before.spi ?? 0),
  src: step.before.src,
  dst: step.before.dst,
  wrapped: step.before.proto === 'udp',
  sent,
  received,
  rule: false,
  hook: '',
  chain: '',
});

/** Both ends were captured: sent here, never received there. */
const lost = (context: CauseContext, step: Step): readonly Verdict[] => {
  const { sending } = saOf(context, step);
  const receiver = context.network.namespaces.get(textOf(step, 'to'));
  const receiving = stateOfSpi(receiver, step.before.spi, step.before.dst);
  const found = foundAtEnd(context, {
    // A receiving SA that has decrypted packets says that ESP does get through.
    confidence: (receiving?.packets ?? 0) > 0 ? weaker('likely', confidenceOfEnd(context)) : confidenceOfEnd(context),
    values: valuesOf(step, Number(step.action.values.sent ?? 0), 0),
    evidence: [
      ...proofsOf(step, ['ESP', spiText(step.before.spi ?? 0)]),
      ...decisiveLine(sending, [spiText(sending?.spi ?? 0)]),
      ...decisiveLine(receiving, [spiText(receiving?.spi ?? 0), '0(bytes)', '0(packets)']),
      ...symptomLines(context),
    ],
    fixes: [openTransit(step)],
  });
  return found ? [found] : [];
};

/** A rule of a host drops ESP, before it is opened or while it is passed on. */
const byRule = (context: CauseContext, step: Step): readonly Verdict[] => [
  foundAt(step, {
    confidence: confidenceOfEnd(context),
    values: {
      ...valuesOf(step, saOf(context, step).sending?.packets ?? 0, 0),
      rule: true,
      hook: textOf(step, 'hook'),
      chain: textOf(step, 'chain'),
    },
    evidence: [...proofsOf(step, ['DROP', 'REJECT', 'esp', '4500']), ...symptomLines(context)],
    fixes: [{ ...openTransit(step), id: 'accept-esp' }],
  }),
];

const openTransit = (step: Step) => ({
  id: 'open-transit',
  commands: [],
  changes: [],
  values: { src: step.before.src, dst: step.before.dst, wrapped: step.before.proto === 'udp' },
});

/** Only the SAs tell: the sender's has counted packets, the receiver's none, and no counter there speaks of ESP. */
const byCounters = (context: CauseContext): readonly Verdict[] => {
  const first = silentCrossings(context)[0];
  if (!first || first.arrived.length > 0 || !first.sender || !first.closes) return [];
  if ((first.sending?.packets ?? 0) === 0 || first.receiving.packets !== 0) return [];
  const refused = REFUSALS.map((name) => counted(first.receiver, name));
  if (refused.some((c) => c.state === 'counted') || trouble(first)) return [];
  const [sender, receiver] = [first.sender.node, first.receiver.node];
  const evidence: readonly EvidenceLine[] = [
    ...decisiveLine(first.sending, [spiText(first.sending?.spi ?? 0)]),
    ...decisiveLine(first.receiving, ['0(bytes)', '0(packets)']),
    ...refused.flatMap(counterLine).map((line) => ({ ...line, role: 'supporting' as const })),
    ...symptomLines(context),
  ];
  const found = foundAt(first.closes, {
    confidence: weaker('likely', confidenceOfEnd(context)),
    values: valuesOf({ ...first.opens }, first.sending?.packets ?? 0, 0),
    evidence,
    fixes: [openTransit(first.opens)],
  });
  return [{ ...found, node: null, between: [sender, receiver] }];
};

/** The receiver's SAs were not captured, and no ESP of the sender's was seen there: whether they have opened anything would tell, or packets. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  const unknown = xfrmUnknown(context, 'xfrm-state-unknown', 'in', { src: '', dst: '' });
  if (!unknown) return [];
  const came = unknown.missing.some(({ namespace }) =>
    context.evidence.packets.some(
      (p) => p.namespace === namespace && p.wrapping === 'esp' && p.view.direction !== 'out',
    ),
  );
  return came ? [] : [unknown];
};

const REFUSALS = ['XfrmInNoStates', 'XfrmInStateProtoError', 'XfrmInStateSeqError', 'XfrmInStateMismatch'];

const trouble = ({ receiving: { stats } }: Crossing): boolean =>
  stats !== undefined && stats.failed + stats.replay + stats.replayWindow > 0;
