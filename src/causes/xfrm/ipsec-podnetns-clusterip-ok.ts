import { proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { answerLines, answerValues, ipsecAnswer } from '../facts/ipsec-answer.ts';
import { confidenceOfWorking } from '../facts/working.ts';

/** A pod of the gateway asks a service beyond the tunnel: its answer is checked before IPVS gives it the service's address back (fwd in ip_forward, IPVS in FORWARD). */
export const ipsecPodnetnsClusteripOk: Cause = {
  id: 'ipsec-podnetns-clusterip-ok',
  group: 'A',
  layer: 'xfrm',
  control: true,
  needs: ['conntrack', 'xfrm-policy', 'xfrm-state', 'xfrm-stat'],
  references: ['openyurtio/openyurt#1892', 'net/xfrm/xfrm_policy.c: __xfrm_policy_check'],
  detect: (context) => {
    const confidence = confidenceOfWorking(context);
    const answer = ipsecAnswer(context);
    if (!confidence || !answer) return [];
    const { translation } = answer;
    if (answer.hostClient || translation?.by !== 'ipvs' || answer.checked.place !== 'xfrm-fwd') return [];
    return [
      foundAt(answer.checked, {
        confidence,
        values: { ...answerValues(answer), virtual: translation.virtual, server: translation.server },
        evidence: [
          ...proofsOf(translation.step, [translation.virtual, translation.server]),
          ...answerLines(context, answer),
        ],
      }),
    ];
  },
};
