import type { Line } from '../line.ts';

/** A text that another format carried: lines to be read as if they had been pasted, or one output with what is known of it. */
export type EmbeddedText =
  | { readonly lines: readonly Line[] }
  | {
      readonly lines: readonly Line[];
      readonly node: string | undefined;
      readonly command?: string;
      readonly title?: string;
    };

/** The lines of a value that stands on one line of the file. */
export const linesAt = (text: string, number: number): readonly Line[] =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => ({ text: line, number }));
