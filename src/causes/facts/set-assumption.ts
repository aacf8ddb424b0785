import type { NetNamespace } from '../../network/namespace.ts';
import type { CauseContext } from './finding.ts';

/** The walk had to guess whether the packet is in a set of this namespace. */
export const isAssumed = (context: CauseContext, ns: NetNamespace): boolean =>
  context.branch.assumptions.some((a) => a.missing?.kind === 'ipset' && a.missing.namespace === ns.id);
