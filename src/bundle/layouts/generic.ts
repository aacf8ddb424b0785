import { FORMATS } from '../../captures/known-formats.ts';
import type { LayoutEntry } from './layout.ts';

/** Files that are one kind wherever a collector or a person put them; the rest of /proc is none. */
export const GENERIC: readonly LayoutEntry[] = [
  ...FORMATS.flatMap(({ kind, paths }) =>
    (paths ?? []).map((pattern): LayoutEntry => ({ layout: 'generic', pattern, kind })),
  ),
  { layout: 'generic', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\//, kind: 'skip' },
  { layout: 'generic', pattern: /(?:^|\/)proc\/sys\//, kind: 'skip' },
];
