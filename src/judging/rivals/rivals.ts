import type { CauseId } from '../../causes/facts/cause-id.ts';
import { isBroken } from '../../causes/facts/confidence.ts';
import type { CauseContext, RuledOut } from '../../causes/facts/finding.ts';
import { answered } from './answered.ts';
import { conntrackRoom } from './conntrack-room.ts';
import { crossed } from './crossed.ts';
import type { Excludes } from './rival.ts';
import { silentCounters } from './silent-counters.ts';

const FACTS: readonly Excludes[] = [answered, crossed, silentCounters, conntrackRoom];

/**
 * Causes that would show the same symptom as this failing flow and that a fact excludes: what a careful reader would ask next. Empty for a flow that works. The
 * first fact that excludes a cause speaks for it.
 */
export const rivalsOf = (context: CauseContext): readonly (RuledOut & { readonly id: CauseId })[] => {
  if (!isBroken(context)) return [];
  const named = new Set<CauseId>();
  return FACTS.flatMap((fact) => fact(context)).flatMap(({ because, excludes, values, evidence }) =>
    excludes.flatMap((id) => {
      if (named.has(id)) return [];
      named.add(id);
      return [{ id, kind: 'ruled-out' as const, because, values, evidence }];
    }),
  );
};
