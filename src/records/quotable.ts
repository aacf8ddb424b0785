declare const masked: unique symbol;

/**
 * Captured text that may be shown: secrets are taken out of it. Only src/captures/masking/masked-lines.ts makes one, so that no output can
 * show a line that no mask has seen.
 */
export type Quotable = string & { readonly [masked]: true };

/** A shorter text has no more in it. */
export const cutQuotable = (text: Quotable, most: number): Quotable => text.slice(0, most) as Quotable;
