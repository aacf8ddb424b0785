import type { Quotable } from '../src/records/quotable.ts';

/** A text that a test says is masked. */
export const quotable = (text: string): Quotable => text as Quotable;
