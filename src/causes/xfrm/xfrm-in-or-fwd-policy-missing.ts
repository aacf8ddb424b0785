import { matchingPolicies } from '../../path/xfrm/policy.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, type Ending, namespaceId, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, Found } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt } from '../facts/found.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import {
  counterZero,
  directionOf,
  espLines,
  listingLine,
  plainLines,
  wasDecrypted,
  xfrmEnd,
  xfrmUnknown,
} from '../facts/xfrm-end.ts';
import { addPolicy, asDirection, checkedFlow, policyCommand, policyWords } from '../facts/xfrm-policy.ts';

const COUNTER = 'XfrmInNoPols';

/**
 * A packet came out of the tunnel and no policy allows it: `dir in` for one that is delivered here, `dir fwd` for one that is passed on.
 * The check refuses what carries a secpath and has no policy.
 */
export const xfrmInOrFwdPolicyMissing: Cause = {
  id: 'xfrm-in-or-fwd-policy-missing',
  group: 'B',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-policy', 'xfrm-state', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_policy.c: __xfrm_policy_check', 'net/ipv4/ip_forward.c: ip_forward'],
  detect: (context) => {
    const unknown = xfrmUnknown(context, 'xfrm-policy-unknown', 'any', {});
    if (unknown) return [unknown];
    const ending = xfrmEnd(context, 'no-policy');
    if (!ending || !wasDecrypted(ending) || hiddenByIpvs(ending)) return [];
    const { step, namespace: ns, leg } = ending;
    const dir = directionOf(ending);
    const drops = counted(ns, COUNTER);
    const flow = checkedFlow(step);
    const values = {
      dir,
      src: flow.src,
      dst: flow.dst,
      headerSrc: textOf(step, 'headerSrc'),
      headerDst: textOf(step, 'headerDst'),
      counter: drops.value,
      answer: leg.direction === 'reply',
      others: ns.policies.filter((p) => p.dir === dir).map((p) => `${p.selector.src} → ${p.selector.dst}`),
    };
    if (drops.state === 'zero') return [counterZero(drops, values)];
    const sibling = siblingPolicy(ending);
    return [
      foundAt(step, {
        confidence: confidenceByCounter(context, drops),
        values,
        evidence: [
          ...counterLine(drops),
          ...ns.policies.filter((p) => p.dir === dir).flatMap((p) => decisiveLine(p, policyWords(p))),
          ...decisiveLine(sibling, sibling && policyWords(sibling)),
          ...plainLines(context, ns, leg.direction),
          ...espLines(context, ns, leg.direction).map((line) => ({ ...line, role: 'supporting' as const })),
          ...ns.policies.filter((p) => p.dir !== dir).flatMap((p) => supportingLine(p, policyWords(p))),
          ...listingLine(ns, 'xfrm-policy'),
          ...symptomLines(context),
        ],
        fixes: fixes(ending),
      }),
    ];
  },
};

/** IPVS put the service's address into the packet, and the plain flow has its policy: that is another cause. */
const hiddenByIpvs = ({ leg, step, namespace }: Ending): boolean => {
  const undone = leg.steps.findLast((s) => s.action.code === 'ipvs-undo' && namespaceId(s) === namespaceId(step));
  if (!undone) return false;
  const plain = { ...checkedFlow(step), src: textOf(undone, 'from') };
  return matchingPolicies(namespace, directionOf({ leg, step, namespace }), plain).length > 0;
};

/** A policy of another direction that is written for the same traffic: the missing one is its sister. */
const siblingPolicy = (ending: Ending) => {
  const { step, namespace: ns } = ending;
  const flow = checkedFlow(step);
  const dir = directionOf(ending);
  const same = matchingPolicies(ns, dir === 'in' ? 'fwd' : 'in', flow)[0];
  const back = { ...flow, src: flow.dst, dst: flow.src, sport: flow.dport, dport: flow.sport };
  return same ?? matchingPolicies(ns, 'out', back)[0];
};

const fixes = (ending: Ending): Found['fixes'] => {
  const sibling = siblingPolicy(ending);
  if (!sibling || sibling.templates.length === 0) return [];
  const { namespace: ns } = ending;
  const record = asDirection(sibling, directionOf(ending));
  return [
    {
      id: 'add-policy',
      commands: [commandIn(ns, policyCommand('add', record))],
      changes: [addPolicy(ns, record)],
      values: { dir: record.dir, src: record.selector.src, dst: record.selector.dst },
    },
  ];
};
