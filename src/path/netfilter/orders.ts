import type { Assumption } from '../vocabulary/assumptions.ts';
import type { TableOutcome, TableQuestion } from './outcome.ts';

/** What the driver makes of an outcome. */
const effectOf = (outcome: TableOutcome): string => {
  const { verdict, rejectWith, nat, mark, connmark, zone, zoneOnly, mss } = outcome;
  if (verdict === 'drop' || verdict === 'reject') return `${verdict} ${rejectWith ?? ''}`;
  return JSON.stringify([verdict, rejectWith, nat, mark, connmark, zone, zoneOnly, mss]);
};

/**
 * nf_hook_entries_grow: of two tables with one priority the one that was made later comes first, which no dump tells. Where the order matters, both are ways that
 * the packet may go.
 */
export const joinOrders = (
  forwards: readonly TableOutcome[],
  backwards: readonly TableOutcome[],
  question: TableQuestion,
): readonly TableOutcome[] => {
  const known = new Set(forwards.map(effectOf));
  const others = backwards.filter((outcome) => !known.has(effectOf(outcome)));
  if (others.length === 0) return forwards;
  const open: Assumption = {
    code: 'backend-order-unknown',
    values: { table: question.table, hook: question.hook },
    missing: undefined,
    source: undefined,
  };
  return [...forwards, ...others].map((outcome) => ({
    ...outcome,
    share: outcome.share / 2,
    assumptions: [...outcome.assumptions, open],
  }));
};
