import type { PlainSlices } from '../../captures/read-text.ts';
import { TextOfBytes } from './decode.ts';
import type { MemberReader } from './member-reader.ts';

const NEWLINE = 10;
/** What a reader of bytes gets at once: little enough to stay in the processor's nearest memory. */
const PIECE = 32 * 1024;

/**
 * Hands a member's bytes on: decoded, in slices of plain text. Of a long member whose reader takes bytes every whole line goes to it undecoded, and only a line that
 * two chunks share is made text.
 */
export class MemberFeed {
  readonly #reader: MemberReader;
  readonly #slices: PlainSlices;
  readonly #kept: { readonly tooLong: boolean };
  readonly #lineLength: number;
  readonly #decoder = new TextOfBytes();

  constructor(reader: MemberReader, slices: PlainSlices, kept: { readonly tooLong: boolean }, lineLength: number) {
    this.#reader = reader;
    this.#slices = slices;
    this.#kept = kept;
    this.#lineLength = lineLength;
  }

  push(bytes: Buffer): void {
    if (!(this.#kept.tooLong && this.#decoder.isUtf8 && this.#reader.takesBytes)) {
      this.#text(bytes);
      return;
    }
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    let at = 0;
    if (end > 0 && this.#slices.lineIsOpen) {
      at = bytes.indexOf(NEWLINE) + 1;
      this.#text(bytes.subarray(0, at));
    }
    while (at < end) {
      const newline = at + PIECE >= end ? -1 : bytes.indexOf(NEWLINE, at + PIECE);
      const to = newline < 0 ? end : newline + 1;
      const lines = bytes.subarray(at, to);
      if (lines.length > this.#lineLength) this.#text(lines);
      else this.#reader.pushBytes(lines);
      at = to;
    }
    this.#text(bytes.subarray(end));
  }

  end(): void {
    this.#slices.push(this.#decoder.end());
    this.#slices.end();
  }

  #text(bytes: Buffer): void {
    for (const piece of this.#decoder.push(bytes)) this.#slices.push(piece);
  }
}
