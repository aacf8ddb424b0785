import type { Placed } from '../assign.ts';
import { type BundleNote, note } from '../note.ts';
import { stateKey } from './part.ts';
import { takeRank, withoutTake } from './take.ts';

/** Listings of one kind in one folder whose names differ in the moment alone (`ip_route_before.txt`, `ip_route_after.txt`): the last one holds, and no mixture of both. */
export const withoutEarlierTakes = (
  placed: readonly Placed[],
): { readonly placed: readonly Placed[]; readonly notes: readonly BundleNote[] } => {
  const last = new Map<string, { readonly rank: number; readonly file: string }>();
  const takeOf = (p: Placed) => {
    const state = stateKey(p);
    const rank = takeRank(p.found.path.slice(p.found.path.lastIndexOf('/') + 1));
    return state === undefined || rank === undefined || !p.found.capture
      ? undefined
      : { key: `${p.node} ${state} ${withoutTake(p.found.path)}`, rank, file: p.found.capture.file };
  };
  for (const p of placed) {
    const take = takeOf(p);
    if (take && take.rank > (last.get(take.key)?.rank ?? -1)) last.set(take.key, take);
  }
  const notes: BundleNote[] = [];
  const kept = placed.filter((p) => {
    const take = takeOf(p);
    const newer = take && last.get(take.key);
    if (!take || !newer || newer.rank <= take.rank) return true;
    notes.push(note('earlier-listing', { file: take.file, newer: newer.file }, [{ file: take.file, line: 1 }]));
    return false;
  });
  return { placed: kept, notes };
};
