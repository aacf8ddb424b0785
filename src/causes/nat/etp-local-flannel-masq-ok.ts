import { symptomLines } from '../facts/confidence.ts';
import { proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { askedService, frontValues } from '../facts/front.ts';
import { confidenceOfWorking } from '../facts/working.ts';

/**
 * `externalTrafficPolicy: Local` on a node without an endpoint that works all the same: not kube-proxy's but the pod network's rule
 * masquerades what is sent on to a pod, so the answer comes back. The client's address is lost.
 */
export const etpLocalFlannelMasqOk: Cause = {
  id: 'etp-local-flannel-masq-ok',
  group: 'A',
  layer: 'nat',
  control: true,
  needs: ['iptables-save', 'ipset', 'conntrack'],
  references: ['flannel-io/flannel pkg/trafficmngr/iptables: masqRules', 'kubernetes/kubernetes#97081'],
  detect: (context) => {
    const confidence = confidenceOfWorking(context);
    const asked = askedService(context);
    if (!confidence || asked?.local?.value !== true || !asked.sourceNat || asked.byProxy || asked.here) return [];
    return [
      foundAt(asked.sourceNat, {
        confidence,
        values: frontValues(asked),
        evidence: [
          ...proofsOf(asked.sourceNat, ['MASQUERADE']),
          ...(asked.local.source ? [{ source: asked.local.source, role: 'decisive' as const }] : []),
          ...proofsOf(asked.translation.step),
          ...symptomLines(context),
        ],
      }),
    ];
  },
};
