import { knows } from '../../network/namespace.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { BundleCheck } from '../facts/finding.ts';

/** States of a tunnel stand in a namespace without a single policy: nothing is encrypted by them, and what they decrypt is let through unchecked or dropped. */
export const xfrmStatesWithoutPolicies: BundleCheck = {
  id: 'xfrm-states-without-policies',
  needs: ['xfrm-policy', 'xfrm-state'],
  detect: (network) =>
    [...network.namespaces.values()].flatMap((ns) => {
      if (!knows(ns, 'xfrm-policy') || !knows(ns, 'xfrm-state')) return [];
      // A device with an id of its own (xfrm interface) brings its policies with it; sockets' own policies do not tunnel.
      const tunnels = ns.states.filter((state) => state.mode === 'tunnel' && state.spi !== 0);
      const [first] = tunnels;
      if (!first || ns.policies.some((policy) => policy.dir !== 'socket')) return [];
      return [
        {
          confidence: 'certain' as const,
          node: ns.node,
          namespace: ns.name,
          at: 'xfrm-out',
          values: { count: tunnels.length, src: first.src, dst: first.dst },
          evidence: tunnels.slice(0, 3).flatMap((state) => decisiveLine(state, [state.src, state.dst])),
        },
      ];
    }),
};
