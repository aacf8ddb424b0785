declare const masked: unique symbol;

/**
 * Captured text that may be shown: secrets are taken out of it. Only src/captures/masking/masked-lines.ts makes one, so that no output can
 * show a line that no mask has seen.
 */
export type Quotable = string & { readonly [masked]: true };

/** Where a cut goes through what stands in a secret's place. */
const HALF_MARK = /\[(?:m(?:a(?:s(?:k(?:ed?)?)?)?)?)?$/;

/** A shorter text has no more in it; half a mark is none. */
export const cutQuotable = (text: Quotable, most: number): Quotable =>
  (text.length <= most ? text : text.slice(0, most).replace(HALF_MARK, '')) as Quotable;
