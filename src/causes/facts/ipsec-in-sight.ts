import { knows, type NetNamespace } from '../../network/namespace.ts';
import { namespaceId, stepsOf } from './ending.ts';
import type { CauseContext } from './finding.ts';

/** A host on the way shows that it does IPsec, and its policies were not captured: whether they take in the packet is open. */
export const isIpsecInSight = (context: CauseContext): boolean =>
  [...new Set(stepsOf(context).map(namespaceId))].some((id) => {
    const ns = context.network.namespaces.get(id);
    return ns?.name === '' && !knows(ns, 'xfrm-policy') && doesIpsec(ns);
  });

const doesIpsec = (ns: NetNamespace): boolean =>
  ns.states.length > 0 || [...ns.counters].some(([name, list]) => /^Xfrm/.test(name) && (list.at(-1)?.value ?? 0) > 0);
