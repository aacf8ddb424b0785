/**
 * Captured text made safe to look at: controls, invisible and direction-changing characters become visible escapes, so that no string of a
 * bundle can move the cursor, recolour a terminal, reorder a line or hide a part of it (the "Trojan source" class of tricks).
 */

/**
 * C0 but for tab and newline, DEL, C1; soft hyphen, Arabic letter mark, Mongolian vowel separator; zero-width characters and direction marks
 * (U+200B-200F); line and paragraph separator; embeddings and overrides (U+202A-202E); word joiner, isolates and deprecated format
 * characters (U+2060-206F); private use U+E000-F8FF (the report's own value tokens live there); byte order mark, interlinear annotation;
 * unpaired surrogates; tag characters.
 */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

const escapeOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** Text with nothing invisible in it. Tabs and newlines stay: excerpts need the first, blocks the second. */
export const visible = (text: string): string => text.replace(UNSAFE, escapeOf);

/** The same for text that must stay on one line. */
export const visibleLine = (text: string): string => visible(text).replace(/[\t\n]+/g, ' ');

/** At most `most` characters, the rest replaced by an ellipsis. Cuts between code points. */
export const cut = (text: string, most: number): string => {
  if (text.length <= most) return text;
  const points = [...text];
  return points.length <= most ? text : `${points.slice(0, Math.max(0, most - 1)).join('')}…`;
};
