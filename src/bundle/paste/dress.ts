import { withHosts } from './host-prefix.ts';
import { withoutIndents } from './indent.ts';
import type { Line } from './line.ts';
import { withoutDoubleSpacing, withoutLogHeads, withoutNumbers, withoutQuotes } from './prefixes.ts';
import { plainCharacters } from './typography.ts';

/** What stands before and between the lines of a pasted text because of how it came here, taken off: each step sees what the one before left. */
const STEPS: readonly ((lines: readonly Line[]) => readonly Line[])[] = [
  (lines) => lines.map(plainCharacters),
  withoutQuotes,
  withoutNumbers,
  withoutLogHeads,
  withHosts,
  withoutDoubleSpacing,
  withoutIndents,
];

export const undressed = (lines: readonly Line[]): readonly Line[] => STEPS.reduce((given, step) => step(given), lines);
