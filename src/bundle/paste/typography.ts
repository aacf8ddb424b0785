import type { Line } from './line.ts';

/** Blanks of other widths (no-break, figure, ideographic ...) and characters of no width at all, which word processors and chat programs put in. */
const BLANKS = /[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g;
const WIDTHLESS = /[\u200b-\u200f\u2060\ufeff\u00ad]/g;
const DASHES = /(?<=^|[\s\u00a0([])[\u2010-\u2015\u2212](?=[A-Za-z0-9>-])/g;
const LONG_DASHES = /(?<=^|[\s\u00a0])[\u2013\u2014](?=[a-z]{2})/g;
const QUOTES = /[\u201c\u201d\u201e\u201f]/g;
const APOSTROPHES = /[\u2018\u2019\u201a\u201b]/g;
const ENTITY = /&(?:gt|lt|amp|quot|apos|nbsp|#\d{1,5}|#x[\da-f]{1,4});/gi;
const NAMED: Readonly<Record<string, string>> = { gt: '>', lt: '<', amp: '&', quot: '"', apos: "'", nbsp: ' ' };
/** Colours whose escape character a forum has swallowed. */
const COLOURS = /\[(?:\d{1,3}(?:;\d{1,3}){0,4})?[mK]/g;

/** A line in the characters that tools print. */
export const plainCharacters = (line: Line): Line => {
  const { text } = line;
  let plain = text;
  if (plain.includes('&')) plain = plain.replace(ENTITY, character);
  if (hasOther(plain))
    plain = plain
      .replace(WIDTHLESS, '')
      .replace(LONG_DASHES, '--')
      .replace(DASHES, '-')
      .replace(BLANKS, ' ')
      .replace(QUOTES, '"')
      .replace(APOSTROPHES, "'");
  if (/\[[\d;]{0,9}m/.test(plain)) plain = plain.replace(COLOURS, '');
  return plain === text ? line : { ...line, text: plain };
};

const hasOther = (text: string): boolean => {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x9f) return true;
  return false;
};

const character = (entity: string): string => {
  const name = entity.slice(1, -1).toLowerCase();
  const named = NAMED[name];
  if (named !== undefined) return named;
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code >= 32 && code < 0xd800 ? String.fromCharCode(code) : entity;
};
