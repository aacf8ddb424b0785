import type { Placed } from '../assign.ts';
import { TORN } from '../moments.ts';
import { commonClock, type Part, stateKey } from './part.ts';

/** One machine's collections in order, those of one moment together, the last moment last. */
export interface Moments {
  readonly moments: readonly (readonly Part[])[];
  readonly how: 'times' | 'names';
}

/** Collections of different moments are kept apart where both tell the same kind of state: one state is walked, and no mixture of two. */
export const momentsOfMachine = (parts: readonly Part[]): Moments => {
  const clock = commonClock(parts);
  const ranks = new Set(parts.map(({ rank }) => rank));
  const byName = ranks.size > 1 && !ranks.has(undefined);
  const timed = (part: Part) => (clock === undefined ? undefined : part.spans.get(clock));
  const far = (a: Part, b: Part): boolean => {
    const [x, y] = [timed(a), timed(b)];
    if (x && y) return Math.max(x.low, y.low) - Math.min(x.high, y.high) > TORN || (byName && a.rank !== b.rank);
    return byName && a.rank !== b.rank;
  };
  const sorted = [...parts].sort((a, b) => {
    const [x, y] = [timed(a), timed(b)];
    if (x && y && x.high !== y.high) return x.high - y.high;
    return byName ? (a.rank ?? 0) - (b.rank ?? 0) : 0;
  });
  const moments: Part[][] = [];
  for (const part of sorted) {
    const last = moments.at(-1);
    const apart = last?.some((other) => far(other, part)) && last.some((other) => shared(other, part) > 0);
    // A single listing that was taken once more later completes what is there.
    const whole = last && size(last) > 2 * part.state.size;
    if (!last || (apart && !whole)) moments.push([part]);
    else last.push(part);
  }
  return { moments, how: clock === undefined ? 'names' : 'times' };
};

const shared = (a: Part, b: Part): number => [...a.state].filter((key) => b.state.has(key)).length;
const size = (parts: readonly Part[]): number => new Set(parts.flatMap(({ state }) => [...state])).size;

/** One moment's captures, the newer behind the older ones: the same command's output that was taken once more is what holds. */
export const merged = (parts: readonly Part[]): { readonly placed: readonly Placed[]; readonly replaced: number } => {
  const kept: Placed[] = [];
  let replaced = 0;
  const newer = new Set<string>();
  for (const part of [...parts].reverse()) {
    const own = part.placed.filter((p) => !newer.has(outputKey(p) ?? ''));
    replaced += part.placed.length - own.length;
    kept.unshift(...own);
    for (const p of part.placed) {
      const key = p.found.capture && p.found.capture.records > 0 ? outputKey(p) : undefined;
      if (key !== undefined) newer.add(key);
    }
  }
  return { placed: kept, replaced };
};

const outputKey = (p: Placed): string | undefined => {
  const state = stateKey(p);
  const { command, path } = p.found;
  return state === undefined
    ? undefined
    : `${state} ${command?.replace(/[^A-Za-z0-9]+/g, ' ').trim() ?? lastPart(path)}`;
};

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
