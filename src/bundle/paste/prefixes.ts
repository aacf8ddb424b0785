import { kindOfLine } from '../read/first-line.ts';
import { startOf } from './first-lines.ts';
import type { Line } from './line.ts';

const QUOTE = /^(?:[>|\u2502] ?){1,6}/;

/** Lines as a mail client quotes them: `> `, `>> `, `> > `, each as deep as it is. A prompt of one `>` loses nothing by it. */
export const withoutQuotes = (lines: readonly Line[]): readonly Line[] =>
  lines.map((line) => {
    if (!/^[>|\u2502]/.test(line.text) || line.text.startsWith('>>>')) return line;
    // A table of Markdown or MySQL is none.
    if (line.text.startsWith('|') && line.text.endsWith('|')) return line;
    return { ...line, text: line.text.replace(QUOTE, '') };
  });

const NUMBERED = /^ {0,8}(?<number>\d{1,6})(?<mark>\t| ?[:.|)\u2502] ?| {1,2})(?<rest>.*)$/;

/** Lines with their own number in front (`cat -n`, an editor, a code block of a web page): as many in a row as tell that they are numbers. */
export const withoutNumbers = (lines: readonly Line[]): readonly Line[] => {
  const result = [...lines];
  for (let at = 0; at < lines.length; ) {
    const first = NUMBERED.exec(lines[at]?.text ?? '')?.groups;
    let end = at;
    if (first) {
      let number = Number(first.number);
      for (end = at + 1; end < lines.length; end += 1) {
        const next = NUMBERED.exec(lines[end]?.text ?? '')?.groups;
        if (!next || Number(next.number) !== number + 1) break;
        number += 1;
      }
    }
    if (first && isNumbering(lines.slice(at, end)))
      for (let i = at; i < end; i += 1) result[i] = { ...(lines[i] as Line), text: rest(lines[i] as Line) };
    at = Math.max(end, at + 1);
  }
  return result;
};

const rest = (line: Line): string => NUMBERED.exec(line.text)?.groups?.rest ?? line.text;

/** `1: lo: <…>`, `2: eth0: <…>` and the priorities of rules are the kernel's numbers. */
const isNumbering = (run: readonly Line[]): boolean =>
  run.length >= 3 &&
  run.every((line) => startOf(line.text) === undefined) &&
  !run.every((line) => /^ {0,8}\d{1,6}: [^\s:]{1,40}(?::| +(?:inet|link))/.test(line.text));

const LOGGED =
  /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,12}|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})?|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,6})?) (?<host>[\w.-]{1,64}) (?<tag>[\w./@-]{1,64}(?:\[\d{1,8}\])?): (?<rest>.*)$/;

/** Outputs that a service wrote to the journal or to syslog, the machine's and the program's name before each line. The kernel's own lines stay. */
export const withoutLogHeads = (lines: readonly Line[]): readonly Line[] => {
  const result = [...lines];
  for (let at = 0; at < lines.length; ) {
    const first = LOGGED.exec(lines[at]?.text ?? '')?.groups;
    let end = at + 1;
    if (first && first.tag !== 'kernel') {
      const run = [first];
      for (; end < lines.length; end += 1) {
        const next = LOGGED.exec(lines[end]?.text ?? '')?.groups;
        if (!next || next.host !== first.host || next.tag !== first.tag) break;
        run.push(next);
      }
      const isOutput =
        run.length >= 2 &&
        run.slice(0, 400).some(({ rest: text = '' }) => kindOfLine(text.slice(0, 300)) !== undefined);
      if (isOutput)
        run.forEach((groups, i) => {
          result[at + i] = { ...(lines[at + i] as Line), text: groups.rest ?? '', host: groups.host ?? '' };
        });
    }
    at = end;
  }
  return result;
};

/** Every second line empty: copied out of a mail or a web page that makes each line a paragraph. */
export const withoutDoubleSpacing = (lines: readonly Line[]): readonly Line[] => {
  const filled = lines.filter((line) => line.text.trim() !== '').length;
  if (filled < 6) return lines;
  const pairs = lines.filter((line, at) => line.text.trim() !== '' && (lines[at + 1]?.text.trim() ?? '') !== '').length;
  return pairs * 20 > filled ? lines : lines.filter((line) => line.text.trim() !== '');
};
