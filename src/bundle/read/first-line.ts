import { FORMATS } from '../../captures/known-formats.ts';
import type { CaptureKind } from '../../records/capture.ts';

const FIRST_LINES = FORMATS.flatMap(({ kind, firstLine }) => (firstLine ? [{ kind, firstLine }] : []));

/** Nearly every line is no first one: all patterns at once tell that sooner than one after another. */
const ANY = new RegExp(FIRST_LINES.map(({ firstLine }) => `(?:${firstLine.source})`).join('|'));

/** The kind of output that a line shows by itself. */
export const kindOfLine = (line: string): CaptureKind | undefined =>
  ANY.test(line) ? FIRST_LINES.find(({ firstLine }) => firstLine.test(line))?.kind : undefined;
