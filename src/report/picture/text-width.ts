/** Widths of text without a browser: good enough to keep a label inside its box, always a little too wide rather than too narrow. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u;
const NARROW = /[iljtfrI.,:;'|!()[\] ]/;
const BROAD = /[mwMW@%]/;

const isWide = (character: string): boolean => WIDE.test(character);

/** Columns that a terminal gives to the text: two for a wide character. Combining marks are counted as one, which only wraps earlier. */
export const terminalWidth = (text: string): number => {
  let width = 0;
  for (const character of text) width += isWide(character) ? 2 : 1;
  return width;
};

/** Pixels of the text in the page's sans-serif font at `size` pixels. */
export const sansWidth = (text: string, size: number): number => {
  let em = 0;
  for (const character of text)
    em += isWide(character)
      ? 1
      : NARROW.test(character)
        ? 0.36
        : BROAD.test(character)
          ? 0.95
          : /[A-Z0-9]/.test(character)
            ? 0.68
            : 0.6;
  return em * size;
};

/** Pixels of the text in a monospaced font. */
export const monoWidth = (text: string, size: number): number => {
  let em = 0;
  for (const character of text) em += isWide(character) ? 1.05 : 0.61;
  return em * size;
};

/** The text cut to a width, with an ellipsis. */
export const fitted = (text: string, width: number, measure: (text: string) => number): string => {
  if (measure(text) <= width) return text;
  const points = [...text];
  let fits = 0;
  let over = points.length;
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if (measure(`${points.slice(0, middle).join('')}…`) <= width) fits = middle;
    else over = middle;
  }
  return `${points.slice(0, Math.max(1, fits)).join('')}…`;
};
