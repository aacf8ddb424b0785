import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { answerLines, answerValues, ipsecAnswer } from '../facts/ipsec-answer.ts';
import { confidenceOfWorking } from '../facts/working.ts';

/** A host process of the gateway asks the pod itself: the answer's header has the addresses that the policies name. The contrast to a service's address. */
export const ipsecDirectPodipOk: Cause = {
  id: 'ipsec-direct-podip-ok',
  group: 'A',
  layer: 'xfrm',
  control: true,
  needs: ['conntrack', 'xfrm-policy', 'xfrm-state', 'xfrm-stat'],
  references: ['openyurtio/openyurt#1892', 'net/xfrm/xfrm_policy.c: __xfrm_policy_check'],
  detect: (context) => {
    const confidence = confidenceOfWorking(context);
    const answer = ipsecAnswer(context);
    if (!confidence || !answer) return [];
    if (!answer.hostClient || answer.translation) return [];
    return [
      foundAt(answer.checked, {
        confidence,
        values: { ...answerValues(answer), pod: context.flow.question.dst },
        evidence: [...answerLines(context, answer)],
      }),
    ];
  },
};
