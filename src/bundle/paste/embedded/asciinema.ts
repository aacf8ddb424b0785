import { plainText } from '../../../captures/plain-text.ts';
import type { Line } from '../line.ts';

export const isCast = (head: string): boolean =>
  /^\s*\{[^\n]{0,400}"version"\s*:\s*[23]\b[^\n]{0,4000}\}\s*\n\s*\[/.test(head);

/** What a terminal showed in a recording of asciinema (v2 and v3, one JSON array a line), each line under the number of the event that began it. */
export const linesOfCast = (text: string): readonly Line[] => {
  const lines: Line[] = [];
  let open = '';
  let from = 1;
  text.split('\n').forEach((row, i) => {
    const shown = outputOf(row);
    if (shown === undefined) return;
    const parts = shown.split('\n');
    parts.forEach((part, at) => {
      if (open === '') from = i + 1;
      open += part;
      if (at === parts.length - 1) return;
      lines.push({ text: plainText(open), number: from });
      open = '';
    });
  });
  if (open !== '') lines.push({ text: plainText(open), number: from });
  return lines;
};

const outputOf = (row: string): string | undefined => {
  if (!row.startsWith('[')) return undefined;
  try {
    const event: unknown = JSON.parse(row);
    if (!Array.isArray(event) || event[1] !== 'o' || typeof event[2] !== 'string') return undefined;
    return event[2].replace(/\r+\n/g, '\n');
  } catch {
    return undefined;
  }
};
