import { bareCommand } from '../read/header.ts';
import { fenceIn } from './fence.ts';
import { startOf } from './first-lines.ts';
import type { Line } from './line.ts';
import { promptIn } from './prompt.ts';

/**
 * Blocks of code by indent (Markdown, reST, lists, mails): from a line behind nothing or prose that, its blanks taken off, begins an output, as far as every
 * line has those blanks. An output's own indents are relative to its first line.
 */
export const withoutIndents = (lines: readonly Line[]): readonly Line[] => {
  let indent = '';
  let open = false;
  return lines.map((line, at): Line => {
    const { text } = line;
    if (text.trim() === '') return indent === '' ? line : { ...line, text: '' };
    if (indent !== '' && text.startsWith(indent)) return { ...line, text: text.slice(indent.length) };
    indent = '';
    const above = lines[at - 1]?.text.trim() ?? '';
    const blanks = /^[ \t]{1,16}(?=\S)/.exec(text)?.[0];
    if (blanks === undefined) {
      open = startOf(text) !== undefined || (open && above !== '');
      return line;
    }
    const inner = text.slice(blanks.length);
    const begins = above === '' || !open || fenceIn(lines[at - 1]?.text ?? '') !== undefined;
    if (!begins || !beginsOutput(inner)) return line;
    indent = blanks;
    return { ...line, text: inner };
  });
};

const beginsOutput = (inner: string): boolean =>
  startOf(inner) !== undefined ||
  promptIn(inner)?.command !== undefined ||
  bareCommand(inner) !== undefined ||
  fenceIn(inner) !== undefined;
