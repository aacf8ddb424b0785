import type { UnreadAt, UnreadLine } from '../records/capture.ts';
import { cutQuotable } from '../records/quotable.ts';
import type { Source } from '../records/source.ts';
import { quotableAlone, quotableInside } from './masking/masked-lines.ts';
import { type BlockForm, SecretBlocks } from './masking/secret-blocks.ts';
import type { SecretLines } from './masking/secret-lines.ts';

/** Lines that are kept with their text, and how much of it is shown. */
const KEPT = 20;
const SHOWN = 500;
const RANGES = 4096;

/**
 * The lines that no rule of a grammar understood: where they stand, and the first ones with their text, which leaves this only masked. What
 * is inside a secret of several lines is told from the lines above, of which the grammar may have ignored some.
 */
export class UnreadLines {
  readonly #kept: { readonly source: Source; readonly text: string; readonly inside: BlockForm | undefined }[] = [];
  readonly #ranges: [first: number, last: number][] = [];
  #rest = Number.POSITIVE_INFINITY;
  readonly #blocks = new SecretBlocks();
  /** Lines of the text that is being read which lie inside a secret. */
  #inside = new Map<number, BlockForm>();
  readonly #secrets: SecretLines | undefined;

  /** `secrets` are those of the file, where it holds more than these lines. */
  constructor(secrets?: SecretLines) {
    this.#secrets = secrets;
  }

  /** Text before it is read; `numberOf` gives the number in the file of its first line, counted from 0, and of those below. */
  see(text: string, numberOf: (index: number) => number): void {
    if (this.#inside.size > 0) this.#inside = new Map();
    if (!this.#blocks.matters(text)) return;
    let index = 0;
    const lines = text.endsWith('\n') ? text.slice(0, -1) : text;
    for (const line of lines.split('\n')) {
      const form = this.#blocks.next(line);
      if (form) this.#inside.set(numberOf(index), form);
      index += 1;
    }
  }

  add(source: Source, text: string): void {
    this.mark(source.line);
    if (this.#kept.length < KEPT)
      this.#kept.push({ source, text, inside: this.#inside.get(source.line) ?? this.#secrets?.of(source.line) });
  }

  /** A line that is no part of the format: known as of no use, and shown as what nobody understands. */
  mark(line: number): void {
    const last = this.#ranges.at(-1);
    if (last && line >= last[1] && line <= last[1] + 1) last[1] = line;
    else if (this.#ranges.length < RANGES) this.#ranges.push([line, line]);
    else this.#rest = Math.min(this.#rest, line);
  }

  /** The first ones, each with what its text as it stands tells. */
  shown(explained: (text: string, index: number) => Pick<UnreadLine, 'expected' | 'column'>): readonly UnreadLine[] {
    return this.#kept.map(({ source, text, inside }, i) => ({
      source,
      text: cutQuotable(inside ? quotableInside(text, inside) : quotableAlone(text), SHOWN),
      ...explained(text.slice(0, SHOWN), i),
    }));
  }

  get at(): UnreadAt {
    return { ranges: this.#ranges, rest: this.#rest };
  }
}
