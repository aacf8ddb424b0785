import { symptomLines } from '../facts/confidence.ts';
import { namespaceId, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { confidenceOfWorking } from '../facts/working.ts';
import { policiesOf, policyWords } from '../facts/xfrm-policy.ts';

/** The tunnel covers the nodes' own addresses only and the overlay's VXLAN rides in it: decapsulation takes the tunnel's mark off, and no service address meets a policy. */
export const ipsecHostnetOnlyVxlanOverEsp: Cause = {
  id: 'ipsec-hostnet-only-vxlan-over-esp',
  group: 'A',
  layer: 'xfrm',
  control: true,
  needs: ['xfrm-policy', 'bridge-fdb', 'ip-route'],
  references: ['drivers/net/vxlan/vxlan_core.c: vxlan_rcv', 'net/core/skbuff.c: skb_scrub_packet'],
  detect: (context) => {
    const confidence = confidenceOfWorking(context);
    const { steps } = context.branch.forward;
    const at = steps.findIndex((s) => s.action.code === 'esp-encapsulate' && s.before.vni !== undefined);
    const step = steps[at];
    const wrapped = steps.slice(0, Math.max(at, 0)).findLast((s) => s.action.code === 'vxlan-encapsulate');
    const host = step && context.network.namespaces.get(namespaceId(step));
    if (!confidence || !step || !wrapped || !host) return [];
    const policy = policiesOf(host, step)[0];
    return [
      foundAt(step, {
        confidence,
        values: {
          device: wrapped.device ?? '',
          from: step.before.src,
          to: step.before.dst,
          policySrc: policy?.selector.src ?? '',
          policyDst: policy?.selector.dst ?? '',
        },
        evidence: [
          ...proofsOf(step, policy ? policyWords(policy) : []),
          ...proofsOf(wrapped),
          ...symptomLines(context),
        ],
      }),
    ];
  },
};
