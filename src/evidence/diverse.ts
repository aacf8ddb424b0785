import type { Candidate } from './candidate.ts';

/**
 * The first `count` candidates, of which no more than half show the same symptoms as long as there are others: a hundred dead monitors, or one scan, do not
 * keep the one flow from being seen that fails in another way. In their own order.
 */
export const diverse = (candidates: readonly Candidate[], count: number): readonly Candidate[] => {
  const times = new Map<string, number>();
  const first: Candidate[] = [];
  const later: Candidate[] = [];
  for (const candidate of candidates) {
    const kind = [...candidate.symptoms].sort().join();
    const before = times.get(kind) ?? 0;
    times.set(kind, before + 1);
    (before < count / 2 ? first : later).push(candidate);
  }
  const chosen = new Set([...first, ...later].slice(0, count));
  return candidates.filter((candidate) => chosen.has(candidate));
};
