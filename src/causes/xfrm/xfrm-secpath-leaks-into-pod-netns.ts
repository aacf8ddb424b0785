import type { NetNamespace } from '../../network/namespace.ts';
import { knows } from '../../network/namespace.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { crossingsOf } from '../facts/crossing.ts';
import { namespaceId } from '../facts/ending.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { counted, counterLine } from '../facts/xfrm-counter.ts';

const COUNTER = 'XfrmInNoPols';

/**
 * A BPF program hands a decrypted packet straight into the pod's namespace. The packet keeps the mark of the tunnel that the host took off, the pod's namespace has no
 * policies, and its own check drops the packet.
 */
export const xfrmSecpathLeaksIntoPodNetns: Cause = {
  id: 'xfrm-secpath-leaks-into-pod-netns',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-stat', 'xfrm-policy'],
  references: ['cilium/cilium#36258', 'net/core/skbuff.c: skb_scrub_packet'],
  versions: 'kernels before the fix of 2025, with Cilium BPF host routing and IPsec',
  detect: (context) => {
    if (!isBroken(context) || context.evidence.seen === 'unknown') return [];
    return crossingsOf(context).flatMap((crossing): readonly Verdict[] => {
      const { leg, index, receiver } = crossing;
      const into = leg.steps.slice(index).find((s) => s.namespace !== '' && s.node === receiver.node);
      const pod = into && context.network.namespaces.get(namespaceId(into));
      if (!into || !pod || pod.policies.length > 0) return [];
      const values = { pod: pod.name, host: receiver.node, counter: 0, hostCounter: 0 };
      const host = counted(receiver, COUNTER);
      if (!knows(pod, 'xfrm-stat'))
        return usesCilium(receiver) ? [undecided([{ kind: 'xfrm-stat', namespace: pod.id }], values)] : [];
      const drops = counted(pod, COUNTER);
      if (drops.state !== 'counted' || host.state === 'counted') return [];
      return [
        foundAt(into, {
          confidence: weaker('likely', confidenceOfEnd(context)),
          values: { ...values, counter: drops.value, hostCounter: host.value },
          evidence: [...counterLine(drops), ...counterLine(host), ...symptomLines(context)],
          fixes: [{ id: 'legacy-routing', commands: [], changes: [], values: {} }],
        }),
      ];
    });
  },
};

const usesCilium = (ns: NetNamespace): boolean => [...ns.links.keys()].some((name) => /^(cilium_|lxc)/.test(name));
