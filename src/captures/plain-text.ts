import { shownLine } from './terminal-line.ts';

/** Carriage returns at line ends and zero bytes (holes of a file) are no part of any format; what moves a terminal's cursor or colours its text is done, not read. */
export const plainText = (text: string): string => {
  let plain = text.includes('\r') ? text.replace(/(?<!\r)\r+(?=\n|$)/g, '') : text;
  if (plain.includes('\0')) plain = plain.replaceAll('\0', '');
  // Somebody's editor or pager showed the escape character as two.
  if (plain.includes('^[[')) plain = plain.replace(/\^\[\[[\d;?]{0,24}[A-Za-z]/g, '');
  return isMoved(plain)
    ? plain
        .split('\n')
        .map((line) => (isMoved(line) ? shownLine(line) : line))
        .join('\n')
    : plain;
};

const isMoved = (text: string): boolean =>
  text.includes('\x1b') || text.includes('\r') || text.includes('\b') || text.includes('\x07');
