import { type CaseResult, tryState } from './case.ts';
import type { Lab } from './namespaces.ts';
import type { Ingredient, State } from './state.ts';

const TRIES = 80;

/** Rules whose set is gone cannot be loaded: they go with it. */
const consistent = (ingredients: readonly Ingredient[]): readonly Ingredient[] => {
  const sets = new Set(
    ingredients.flatMap((one) => (one.kind === 'set' ? [`${one.host} ${one.lines[0]?.split(' ')[1]}`] : [])),
  );
  const has = (host: string, name: string | undefined): boolean => name === undefined || sets.has(`${host} ${name}`);
  return ingredients.flatMap((one): Ingredient[] => {
    if (one.kind === 'rule') return has(one.host, /--(?:match|add|del)-set (\S+)/.exec(one.text)?.[1]) ? [one] : [];
    if (one.kind !== 'set' || !one.lines[0]?.includes('list:set')) return [one];
    return [
      { ...one, lines: one.lines.filter((line) => line.startsWith('create') || has(one.host, line.split(' ')[2])) },
    ];
  });
};

/** The kind of a disagreement: its smaller version must be of the same. */
const classOf = (result: CaseResult): string =>
  (result.verdict.differences[0] ?? '').split(':')[0]?.split(' ')[0] ?? '';

/** Leaves out whatever the disagreement does not need, halves first, then one by one. */
export const shrink = async (
  lab: Lab,
  state: State,
  result: CaseResult,
  timeout: number,
): Promise<{ readonly state: State; readonly result: CaseResult }> => {
  let kept: readonly Ingredient[] = state.ingredients;
  let best = result;
  let tries = 0;
  const still = async (ingredients: readonly Ingredient[]): Promise<CaseResult | undefined> => {
    tries += 1;
    const played = await tryState(lab, { ...state, ingredients, flows: [result.flow] }, Math.min(timeout, 1.5));
    const [one] = played.cases;
    return one?.verdict.verdict === 'disagreed' && classOf(one) === classOf(result) ? one : undefined;
  };
  for (let size = Math.ceil(kept.length / 2); size >= 1 && tries < TRIES; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < kept.length && tries < TRIES; ) {
      const without = consistent([...kept.slice(0, at), ...kept.slice(at + size)]);
      const smaller = await still(without);
      if (smaller) {
        kept = without;
        best = smaller;
      } else at += size;
    }
  return { state: { ...state, ingredients: kept, flows: [result.flow] }, result: best };
};
