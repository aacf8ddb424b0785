import { prefixContains } from '../../tables/address.ts';
import { decisiveLine, type Ending, endingOf, namespaceId, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { answerLines, ipsecAnswer } from '../facts/ipsec-answer.ts';
import { confidenceOfWorking } from '../facts/working.ts';
import { checkedFlow, policyWords } from '../facts/xfrm-policy.ts';

/**
 * An inbound policy for service addresses lets the answers of services that IPVS serves through. It has to reach from the service's address to the address that
 * the request was masqueraded to; one that does not helps nothing, which is said as well.
 */
export const ipsecSvcCidrInPolicyWorkaround: Cause = {
  id: 'ipsec-svc-cidr-in-policy-workaround',
  group: 'A',
  layer: 'xfrm',
  control: true,
  needs: ['xfrm-policy', 'ipvsadm', 'conntrack', 'xfrm-stat'],
  references: ['openyurtio/openyurt#1892', 'net/xfrm/xfrm_policy.c: __xfrm_policy_check'],
  detect: (context) => [...works(context), ...misses(context)],
};

const works = (context: CauseContext): readonly Verdict[] => {
  const confidence = confidenceOfWorking(context);
  const answer = ipsecAnswer(context);
  if (!confidence || !answer?.policy || answer.translation?.by !== 'ipvs') return [];
  const { policy, translation } = answer;
  if (!answer.hostClient || !prefixContains(policy.selector.src, translation.virtual)) return [];
  if (prefixContains(policy.selector.src, translation.server)) return [];
  return [
    foundAt(answer.checked, {
      confidence,
      values: {
        misses: false,
        virtual: translation.virtual,
        policySrc: policy.selector.src,
        policyDst: policy.selector.dst,
        wanted: checkedFlow(answer.checked).dst,
        wrongWay: false,
      },
      evidence: answerLines(context, answer),
    }),
  ];
};

/** The answer dies for want of a policy although one for the service's address is there. */
const misses = (context: CauseContext): readonly Verdict[] => {
  const ending = endingOf(context);
  if (ending?.step.action.code !== 'no-policy' || ending.step.place !== 'xfrm-in') return [];
  const virtual = undoneTo(ending);
  if (virtual === undefined || context.evidence.seen === 'ok') return [];
  const flow = checkedFlow(ending.step);
  const near = ending.namespace.policies.find(
    (p) =>
      p.action === 'allow' &&
      prefixContains(p.selector.src, virtual) &&
      !p.selector.src.endsWith('/0') &&
      p.dir !== 'out',
  );
  if (!near) return [];
  return [
    foundAt(ending.step, {
      confidence: 'certain',
      values: {
        misses: true,
        virtual,
        policySrc: near.selector.src,
        policyDst: near.selector.dst,
        wanted: flow.dst,
        wrongWay: near.dir !== 'in',
      },
      evidence: [...decisiveLine(near, policyWords(near)), ...proofsOf(ending.step)],
    }),
  ];
};

const undoneTo = ({ leg, step }: Ending): string | undefined => {
  const undone = leg.steps.findLast((s) => s.action.code === 'ipvs-undo' && namespaceId(s) === namespaceId(step));
  return undone && textOf(undone, 'to');
};
