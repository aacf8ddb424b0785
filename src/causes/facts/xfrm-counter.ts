import { counter, type NetNamespace } from '../../network/namespace.ts';
import type { Counter } from '../../records/counter.ts';
import { confidenceOfEnd, weaker } from './confidence.ts';
import { supportingLine } from './ending.ts';
import type { CauseContext, Confidence, EvidenceLine } from './finding.ts';

/** What the bundle tells of a drop's counter. */
export interface Counted {
  /** The first of the names that has counted something, else the first that was captured. */
  readonly counter: Counter | undefined;
  readonly value: number;
  /** `unknown`: not captured; `zero`: the kernel dropped nothing for this reason. */
  readonly state: 'unknown' | 'zero' | 'counted';
}

/** A drop's counter in a namespace; several names where kernels count the same drop differently. */
export const counted = (ns: NetNamespace, ...names: readonly string[]): Counted => {
  const all = names.flatMap((name) => counter(ns, name) ?? []);
  const positive = all.find((c) => c.value > 0);
  if (positive) return { counter: positive, value: positive.value, state: 'counted' };
  return { counter: all[0], value: 0, state: all[0] ? 'zero' : 'unknown' };
};

/**
 * How sure a drop is that the dumped state decides and a counter tells of: as sure as the walk's end where the counter has counted, likely
 * at most where nobody captured it, possible where it is zero.
 */
export const confidenceByCounter = (context: CauseContext, { state }: Counted): Confidence => {
  if (state === 'zero') return 'possible';
  const end = confidenceOfEnd(context);
  return state === 'counted' ? end : weaker('likely', end);
};

/** The counter's line, marked. */
export const counterLine = ({ counter: found }: Counted): readonly EvidenceLine[] =>
  found ? [{ source: found.source, role: 'decisive', words: [found.name, String(found.value)] }] : [];

/** Every counter of a namespace's XFRM that is not zero, as support. */
export const otherCounters = (ns: NetNamespace, not: string): readonly EvidenceLine[] =>
  [...ns.counters.values()].flatMap((list) => {
    const last = list.at(-1);
    return last && /^Xfrm/.test(last.name) && last.value > 0 && last.name !== not
      ? supportingLine(last, [last.name])
      : [];
  });
