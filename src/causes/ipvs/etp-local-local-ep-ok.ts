import { symptomLines } from '../facts/confidence.ts';
import { proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { askedService, frontValues } from '../facts/front.ts';
import { confidenceOfWorking } from '../facts/working.ts';

/** `externalTrafficPolicy: Local` on a node with an endpoint: the request goes to it without a change of its source. */
export const etpLocalLocalEpOk: Cause = {
  id: 'etp-local-local-ep-ok',
  group: 'A',
  layer: 'ipvs',
  control: true,
  needs: ['ipvsadm', 'ipset', 'conntrack'],
  references: ['https://kubernetes.io/docs/tutorials/services/source-ip/'],
  detect: (context) => {
    const confidence = confidenceOfWorking(context);
    const asked = askedService(context);
    if (!confidence || asked?.local?.value !== true || !asked.here || asked.sourceNat) return [];
    return [
      foundAt(asked.translation.step, {
        confidence,
        values: frontValues(asked),
        evidence: [
          ...proofsOf(asked.translation.step, [asked.front.address, asked.translation.server]),
          ...(asked.local.source ? [{ source: asked.local.source, role: 'decisive' as const }] : []),
          ...symptomLines(context),
        ],
      }),
    ];
  },
};
