import { symptomLines } from '../facts/confidence.ts';
import { proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { askedService, frontValues } from '../facts/front.ts';
import { confidenceOfWorking } from '../facts/working.ts';

/** With `externalTrafficPolicy: Cluster` kube-proxy masquerades what comes from outside, so that answers find back: the pod sees a node. */
export const etpClusterSourceIpLost: Cause = {
  id: 'etp-cluster-source-ip-lost',
  group: 'A',
  layer: 'nat',
  control: true,
  needs: ['conntrack', 'ipset', 'iptables-save'],
  references: ['https://kubernetes.io/docs/tutorials/services/source-ip/', 'net/netfilter/nf_nat_masquerade.c'],
  detect: (context) => {
    const confidence = confidenceOfWorking(context);
    const asked = askedService(context);
    if (!confidence || !asked?.sourceNat || !asked.byProxy) return [];
    if (asked.kind === 'cluster-ip' || asked.kind === 'unknown' || asked.local?.value === true) return [];
    return [
      foundAt(asked.sourceNat, {
        confidence,
        values: frontValues(asked),
        evidence: [
          ...proofsOf(asked.sourceNat, ['MASQUERADE']),
          ...proofsOf(asked.translation.step, [asked.front.address, asked.translation.server]),
          ...symptomLines(context),
        ],
      }),
    ];
  },
};
