import type { Cursor } from './cursor.ts';

const NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'HBH '],
  [43, 'RT6 '],
  [60, 'DSTOPT '],
]);
const FRAGMENT = 44;

/** The names of an IPv6 packet's extension headers, and of a fragment its place (print-ip6.c, print-frag6.c). */
export const printExtensions = (c: Cursor, row: number): string => {
  const { bytes } = c;
  const begin = c.networkAt[row] as number;
  const end = c.headerEnd[row] as number;
  const payload = bytes.readUInt16BE(begin + 4);
  let text = '';
  let type = bytes[begin + 6] as number;
  for (let at = begin + 40; at + 4 <= end; ) {
    const name = NAMES.get(type);
    if (name === undefined && type !== FRAGMENT) break;
    const field = bytes.readUInt16BE(at + 2);
    text += name ?? `frag (${field & 0xfff8}|${begin + 40 + payload - at - 8}) `;
    type = bytes[at] as number;
    if (name === undefined && field >> 3 !== 0) break;
    at += name === undefined ? 8 : ((bytes[at + 1] as number) + 1) * 8;
  }
  return text;
};
