import type { XfrmPolicy, XfrmState } from '../../records/xfrm.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, type Ending, supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { countingWithout } from '../facts/trace.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import { counterZero, directionOf, plainLines, policiesAtEnd, xfrmEnd } from '../facts/xfrm-end.ts';
import { deletePolicy, deletePolicyCommand, policiesOf, policyWords, statesOf } from '../facts/xfrm-policy.ts';
import { mismatches } from '../facts/xfrm-template.ts';

/** Of several policies that fit, the one with the lowest priority number decides, and it blocks or asks for another tunnel. */
export const xfrmPolicyShadowed: Cause = {
  id: 'xfrm-policy-shadowed',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-policy', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_policy.c: xfrm_policy_lookup_bytype', 'cilium/cilium#26954'],
  explains: ['xfrm-tmpl-reqid-mismatch', 'xfrm-outer-addr-mismatch'],
  detect: (context) => {
    const missing = countingWithout(context, 'xfrm-policy', 'any', 'XfrmInPolBlock', 'XfrmOutPolBlock');
    if (missing.length > 0) return [undecided(missing, {})];
    const ending = xfrmEnd(context, 'policy-block', 'tmpl-mismatch');
    if (!ending) return [];
    const { step, namespace: ns, leg } = ending;
    const dir = directionOf(ending);
    const winner = policiesOf(ns, step)[0];
    if (!winner) return [];
    const blocks = step.action.code === 'policy-block';
    const right = losers(ending).find((p) => blocks || fits(p, statesOf(ns, step)));
    if (!right && !blocks) return [];
    const drops = counted(ns, blocks ? (dir === 'out' ? 'XfrmOutPolBlock' : 'XfrmInPolBlock') : 'XfrmInTmplMismatch');
    const values = {
      dir,
      src: step.before.src,
      dst: step.before.dst,
      blocks,
      alone: right === undefined,
      winnerSrc: winner.selector.src,
      winnerDst: winner.selector.dst,
      winnerPriority: winner.priority,
      loserSrc: right?.selector.src ?? '',
      loserDst: right?.selector.dst ?? '',
      loserPriority: right?.priority ?? 0,
      counter: drops.value,
      counterName: drops.counter?.name ?? '',
    };
    if (drops.state === 'zero') return [counterZero(drops, values)];
    // Where nothing but the block fits, it stands for every direction: its like of the same selector goes with it.
    const deleted = right ? [winner] : ns.policies.filter((p) => p === winner || isTwin(p, winner));
    return [
      foundAt(step, {
        confidence: confidenceByCounter(context, drops),
        values,
        evidence: [
          ...counterLine(drops),
          ...decisiveLine(winner, policyWords(winner)),
          ...decisiveLine(right, right && policyWords(right)),
          ...(dir === 'out' ? [] : plainLines(context, ns, leg.direction)),
          ...ns.policies.filter((p) => p.dir === dir).flatMap((p) => supportingLine(p, policyWords(p))),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'delete-policy',
            commands: deleted.map((p) => commandIn(ns, deletePolicyCommand(p))),
            changes: deleted.map((p) => deletePolicy(ns, p)),
            values: { src: winner.selector.src, dst: winner.selector.dst, dir },
          },
        ],
      }),
    ];
  },
};

const isTwin = (p: XfrmPolicy, other: XfrmPolicy): boolean =>
  p.action === 'block' && p.selector.src === other.selector.src && p.selector.dst === other.selector.dst;

const losers = (ending: Ending): readonly XfrmPolicy[] =>
  policiesAtEnd(ending)
    .slice(1)
    .filter((p) => p.action === 'allow');

const fits = (policy: XfrmPolicy, states: readonly XfrmState[]): boolean => {
  const state = states.at(-1);
  return state !== undefined && policy.templates.every((t) => t.optional || mismatches(t, state).length === 0);
};
