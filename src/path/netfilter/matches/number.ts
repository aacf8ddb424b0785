/** A number as iptables and nft print it: decimal, hexadecimal, octal. Undefined where the text is none. */
export const parseNumber = (text: string): number | undefined => {
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^\d+$/.test(text) ? Number(text) : undefined;
};

/** `V/M` or `V` (mask of all ones) as unsigned 32-bit numbers. */
export const parseMasked = (text: string): { readonly value: number; readonly mask: number } | undefined => {
  const slash = text.indexOf('/');
  const value = parseNumber(slash < 0 ? text : text.slice(0, slash));
  const mask = slash < 0 ? 0xffffffff : parseNumber(text.slice(slash + 1));
  return value === undefined || mask === undefined ? undefined : { value: value >>> 0, mask: mask >>> 0 };
};

export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** `5`, `5:9`, `:9`, `5:`, and nft's `5-9`; `top` closes an open end. */
export const parseRange = (
  text: string,
  top: number,
  number: (text: string) => number | undefined = parseNumber,
): NumberRange | undefined => {
  const cut = text.search(/[:-]/);
  if (cut < 0) {
    const value = number(text);
    return value === undefined ? undefined : { from: value, to: value };
  }
  const from = cut === 0 ? 0 : number(text.slice(0, cut));
  const to = cut === text.length - 1 ? top : number(text.slice(cut + 1));
  return from === undefined || to === undefined ? undefined : { from, to };
};

export const inRange = (range: NumberRange, value: number): boolean => value >= range.from && value <= range.to;
