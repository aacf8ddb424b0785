import type { Source } from '../records/source.ts';
import { visibleLine } from './visible.ts';
import type { Words } from './words.ts';

/** Where a fact stands: `FILE:12`, and of a binary capture, which has no lines, `FILE, packet 12`. */
export const sourcePlace = (words: Words, { file, line, unit }: Source): string =>
  unit === 'packet'
    ? words.text('packet-place', { file: { said: visibleLine(file) }, line })
    : `${visibleLine(file)}:${line}`;
