import { proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { answerLines, answerValues, ipsecAnswer } from '../facts/ipsec-answer.ts';
import { confidenceOfWorking } from '../facts/working.ts';

/** netfilter translated the service's address, so the policy check can undo the translation and finds the policy of the pod networks. */
export const ipsecIptablesModeOk: Cause = {
  id: 'ipsec-iptables-mode-ok',
  group: 'A',
  layer: 'nat',
  control: true,
  needs: ['conntrack', 'xfrm-policy', 'xfrm-state', 'xfrm-stat'],
  references: ['openyurtio/openyurt#1892', 'net/xfrm/xfrm_policy.c: __xfrm_policy_check'],
  detect: (context) => {
    const confidence = confidenceOfWorking(context);
    const answer = ipsecAnswer(context);
    if (!confidence || !answer) return [];
    const { translation } = answer;
    if (!answer.hostClient || translation?.by !== 'netfilter') return [];
    return [
      foundAt(answer.checked, {
        confidence,
        values: { ...answerValues(answer), virtual: translation.virtual, server: translation.server },
        evidence: [...proofsOf(translation.step, ['DNAT', translation.virtual]), ...answerLines(context, answer)],
      }),
    ];
  },
};
