import type { NetNamespace } from '../network/namespace.ts';
import { matchingPolicies } from '../path/xfrm/policy.ts';
import type { XfrmPolicy } from '../records/xfrm.ts';
import { decisiveLine, type Ending, namespaceId } from './ending.ts';
import { symptomLines } from './facts/confidence.ts';
import { foundAt, undecided } from './facts/found.ts';
import { countingWithout } from './facts/trace.ts';
import { confidenceByCounter, counted, counterLine } from './facts/xfrm-counter.ts';
import { counterZero, listingLine, plainLines, wasDecrypted, xfrmEnd } from './facts/xfrm-end.ts';
import { flowOfPacket, policiesOf, policyWords, tunnelPolicies } from './facts/xfrm-policy.ts';
import type { Cause, CauseContext, Found } from './finding.ts';

/** A packet comes in the clear where a policy asks for ESP: the sender has no `out` policy (any more) for it. */
export const xfrmPlaintextWhereEspRequired: Cause = {
  id: 'xfrm-plaintext-where-esp-required',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-policy', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_policy.c: __xfrm_policy_check, xfrm_policy_ok'],
  explains: ['xfrm-out-policy-missing-plaintext'],
  detect: (context) => {
    const missing = countingWithout(context, 'xfrm-policy', 'clear', 'XfrmInTmplMismatch');
    if (missing.length > 0) return [undecided(missing, {})];
    const ending = xfrmEnd(context, 'tmpl-mismatch');
    if (!ending || wasDecrypted(ending)) return [];
    const { step, namespace: ns, leg } = ending;
    const policy = policiesOf(ns, step)[0];
    if (!policy) return [];
    const sender = plainSender(context, ending);
    const drops = counted(ns, 'XfrmInTmplMismatch');
    const values = {
      dir: policy.dir,
      src: step.before.src,
      dst: step.before.dst,
      policySrc: policy.selector.src,
      policyDst: policy.selector.dst,
      sender: sender?.node ?? '',
      counter: drops.value,
    };
    if (drops.state === 'zero') return [counterZero(drops, values)];
    return [
      foundAt(step, {
        confidence: confidenceByCounter(context, drops),
        values,
        evidence: [
          ...counterLine(drops),
          ...decisiveLine(policy, policyWords(policy)),
          ...plainLines(context, ns, leg.direction),
          ...(sender
            ? [
                ...sender.policies.filter((p) => p.dir === 'out').flatMap((p) => decisiveLine(p, policyWords(p))),
                ...listingLine(sender, 'xfrm-policy'),
              ]
            : []),
          ...symptomLines(context),
        ],
        fixes: sender ? fixes(sender, policy) : [],
      }),
    ];
  },
};

/** The gateway that should have encrypted: the last host before this one, unless one of its policies fits. */
const plainSender = (context: CauseContext, { leg, step }: Ending): NetNamespace | undefined => {
  const before = leg.steps.findLast((s) => s.node !== step.node && s.namespace === '');
  const sender = before && context.network.namespaces.get(namespaceId(before));
  if (!before || !sender) return undefined;
  return matchingPolicies(sender, 'out', flowOfPacket(before.after)).length === 0 ? sender : undefined;
};

const fixes = (sender: NetNamespace, policy: XfrmPolicy): Found['fixes'] => {
  if (policy.templates.some((t) => t.src === '' || t.dst === '')) return [];
  // The far end's in or fwd policy, read by the sender: the same selector, the same tunnel, outward.
  const { source: _, ...record } = policy;
  const out = { ...record, dir: 'out' as const, index: undefined, used: undefined };
  return [
    {
      id: 'add-out-policy',
      ...tunnelPolicies(sender, out),
      values: { sender: sender.node, src: out.selector.src, dst: out.selector.dst },
    },
  ];
};
