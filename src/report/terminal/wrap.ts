import { terminalWidth } from '../picture/text-width.ts';

/** A run of text with one style; wrapping keeps runs apart so that colours survive a line break. */
export interface Run {
  readonly text: string;
  readonly style: Style;
}
export type Style = 'plain' | 'bold' | 'dim' | 'bad' | 'good' | 'warn' | 'code';

const ANSI: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  bad: '1;31',
  good: '32',
  warn: '33',
  code: '36',
};

/** A run as the terminal gets it. `text` is already free of controls, so the only escapes are those put here. */
export const painted = (run: Run, colour: boolean): string =>
  colour && ANSI[run.style] !== '' ? `\u001b[${ANSI[run.style]}m${run.text}\u001b[0m` : run.text;

/** Pieces that may be parted: words with the space before them, single wide characters. */
const PIECES =
  /\s+|[\u2e80-\u9fff\uff00-\uffef][\uff0c\u3002\uff1a\uff1b\u3001\u201d\uff09]*|[^\s\u2e80-\u9fff\uff00-\uffef]+/g;

/**
 * Runs broken into lines of at most `width` columns. A piece longer than a line is cut: addresses and commands of a ticket may be
 * longer than any terminal.
 */
export const wrapped = (runs: readonly Run[], width: number): Run[][] => {
  const room = Math.max(10, width);
  const lines: Run[][] = [[]];
  let used = 0;
  const add = (text: string, style: Style) => {
    const line = lines[lines.length - 1] as Run[];
    const last = line.at(-1);
    if (last && last.style === style) line[line.length - 1] = { text: last.text + text, style };
    else line.push({ text, style });
    used += terminalWidth(text);
  };
  const breakLine = () => {
    lines.push([]);
    used = 0;
  };
  for (const run of runs)
    for (const piece of run.text.match(PIECES) ?? []) {
      if (/^\s+$/.test(piece)) {
        if (used > 0 && used + 1 <= room) add(' ', run.style);
        else if (used > 0) breakLine();
        continue;
      }
      if (used > 0 && used + terminalWidth(piece) > room) breakLine();
      let rest = [...piece];
      while (terminalWidth(rest.join('')) > room) {
        let taken = 0;
        let columns = 0;
        while (taken < rest.length && columns + terminalWidth(rest[taken] ?? '') <= room) {
          columns += terminalWidth(rest[taken] ?? '');
          taken += 1;
        }
        add(rest.slice(0, taken).join(''), run.style);
        breakLine();
        rest = rest.slice(taken);
      }
      if (rest.length > 0) add(rest.join(''), run.style);
    }
  return lines.filter((line, i) => line.length > 0 || i === 0);
};
