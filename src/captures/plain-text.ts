import { stripVTControlCharacters } from 'node:util';

/** Carriage returns at line ends, terminal colour escapes and zero bytes (holes of a file) are no part of any format. */
export const plainText = (text: string): string => {
  let plain = text.includes('\r') ? text.replace(/(?<!\r)\r+(?=\n|$)/g, '') : text;
  if (plain.includes('\0')) plain = plain.replaceAll('\0', '');
  return plain.includes('\x1b') ? stripVTControlCharacters(plain) : plain;
};
