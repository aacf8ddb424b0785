import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { matchingPolicies } from '../../path/xfrm/policy.ts';
import type { XfrmPolicy } from '../../records/xfrm.ts';
import { namespaceId, stepsOf } from './ending.ts';
import type { CauseContext } from './finding.ts';
import { flowOfPacket } from './xfrm-policy.ts';

/** A packet that was to be encrypted until source NAT changed it. */
export interface LostEncryption {
  /** The second XFRM lookup, which found nothing. */
  readonly step: Step;
  readonly namespace: NetNamespace;
  /** The source NAT before it. */
  readonly translation: Step;
  /** The policy that would have encrypted the packet. */
  readonly policy: XfrmPolicy;
}

/** Every place of the walk at which source NAT takes a packet out of its tunnel. */
export const lostEncryption = (context: CauseContext): readonly LostEncryption[] => {
  const steps = stepsOf(context);
  return steps.flatMap((step, index): LostEncryption[] => {
    if (step.action.code !== 'xfrm-after-snat') return [];
    const { encrypted, wasEncrypted } = step.action.values;
    const namespace = context.network.namespaces.get(namespaceId(step));
    if (encrypted !== false || wasEncrypted !== true || !namespace) return [];
    const translation = steps
      .slice(0, index)
      .findLast(
        (s) =>
          namespaceId(s) === namespace.id &&
          (s.action.code === 'masquerade' || s.action.code === 'snat') &&
          s.before.src !== s.after.src,
      );
    const policy = translation && matchingPolicies(namespace, 'out', flowOfPacket(translation.before))[0];
    return translation && policy ? [{ step, namespace, translation, policy }] : [];
  });
};
