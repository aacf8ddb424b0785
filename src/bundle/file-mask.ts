import { moduleFor } from '../captures/known-formats.ts';
import { MaskedLines } from '../captures/masking/masked-lines.ts';
import { SecretBlocks } from '../captures/masking/secret-blocks.ts';
import type { Capture, LineRange, UnreadAt } from '../records/capture.ts';
import type { Quotable } from '../records/quotable.ts';

/** Lines of the file that one capture read. */
interface Part {
  readonly range: LineRange;
  readonly capture: Capture;
}

/**
 * Makes the lines of one file quotable, in their order from the first: each by the module that read it, and what no module read or understood
 * by the strictest mask.
 */
export class FileMask {
  readonly #parts: readonly Part[];
  /** The part that begins next. */
  #next = 0;
  #current: Part | undefined;
  /** A secret may begin in one output and end in another: where an output ends is a guess. */
  readonly #blocks = new SecretBlocks();
  /** Outputs may lie between one another's lines: each goes on where it left off. */
  readonly #masks = new Map<Capture | undefined, MaskedLines>();

  /** The captures of the file. */
  constructor(captures: readonly Capture[]) {
    this.#parts = captures
      .flatMap((capture) => rangesOf(capture).map((range): Part => ({ range, capture })))
      .sort((a, b) => a.range[0] - b.range[0]);
  }

  /** A line that nobody wants to see. */
  pass(line: number, text: string): void {
    this.#maskOf(this.#captureAt(line)).pass(text);
  }

  /** Lines that were read as one under the number of the first; `glue` stands between them. */
  quoteJoined(line: number, texts: readonly string[], glue: '' | ' '): Quotable {
    return this.#maskOf(this.#captureAt(line)).quoteJoined(texts, glue);
  }

  quote(line: number, text: string): Quotable {
    const capture = this.#captureAt(line);
    return this.#maskOf(capture).quote(text, capture !== undefined && !isIn(capture.unreadAt, line));
  }

  #captureAt(line: number): Capture | undefined {
    for (let part = this.#parts[this.#next]; part && part.range[0] <= line; part = this.#parts[this.#next]) {
      this.#current = part;
      this.#next += 1;
    }
    return this.#current && line <= this.#current.range[1] ? this.#current.capture : undefined;
  }

  #maskOf(capture: Capture | undefined): MaskedLines {
    const known = this.#masks.get(capture);
    if (known) return known;
    const mask = new MaskedLines(capture && moduleFor(capture.kind)?.mask(), this.#blocks);
    this.#masks.set(capture, mask);
    return mask;
  }
}

const rangesOf = (capture: Capture): readonly LineRange[] => {
  const first = capture.firstLine ?? 1;
  return capture.readAt ?? (capture.lines > 0 ? [[first, first + capture.lines - 1]] : []);
};

const isIn = ({ ranges, rest }: UnreadAt, line: number): boolean =>
  line >= rest || ranges.some(([first, last]) => line >= first && line <= last);
