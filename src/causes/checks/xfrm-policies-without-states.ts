import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { XfrmPolicy, XfrmState, XfrmTemplate } from '../../records/xfrm.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { BundleCheck } from '../facts/finding.ts';

const isAny = (address: string): boolean => address === '' || address === '0.0.0.0' || address === '::';

/** Whether a state fits a template: both ends, protocol and request id, where the template names them. */
const fits = (template: XfrmTemplate, state: XfrmState): boolean =>
  template.proto === state.proto &&
  (isAny(template.src) || template.src === state.src) &&
  (isAny(template.dst) || template.dst === state.dst) &&
  (template.reqid === undefined || template.reqid === 0 || template.reqid === state.reqid);

/** Policies that demand IPsec and for which no state is there in their direction. */
export const unserved = (ns: NetNamespace): readonly XfrmPolicy[] =>
  ns.policies.filter(
    (policy) =>
      policy.dir === 'out' &&
      policy.action === 'allow' &&
      policy.templates.some((template) => !template.optional && !ns.states.some((state) => fits(template, state))),
  );

/** Packets are to be encrypted, and there is nothing to encrypt them with: they are dropped until the keying daemon has negotiated. */
export const xfrmPoliciesWithoutStates: BundleCheck = {
  id: 'xfrm-policies-without-states',
  needs: ['xfrm-policy', 'xfrm-state'],
  detect: (network) =>
    [...network.namespaces.values()].flatMap((ns) => {
      if (!knows(ns, 'xfrm-policy') || !knows(ns, 'xfrm-state')) return [];
      const [first, ...others] = unserved(ns);
      if (!first) return [];
      return [
        {
          confidence: 'certain' as const,
          node: ns.node,
          namespace: ns.name,
          at: 'xfrm-out',
          values: {
            count: others.length + 1,
            src: first.selector.src,
            dst: first.selector.dst,
            states: ns.states.length,
          },
          evidence: [first, ...others]
            .slice(0, 3)
            .flatMap((policy) => decisiveLine(policy, [policy.selector.src, policy.selector.dst])),
        },
      ];
    }),
};
