import type { Capture } from '../records/capture.ts';
import { moduleFor } from './known-formats.ts';
import type { CaptureInput } from './module.ts';
import { plainText } from './plain-text.ts';

const SLICE = 32 * 1024;

/**
 * Cuts text that comes in any pieces into plain slices of about 32 KiB that end at a line end; the last one may lack it.
 * Of a line longer than `lineLength` the rest is dropped and told.
 */
export class PlainSlices {
  readonly #take: (slice: string) => void;
  readonly #lineLength: number;
  readonly #tooLong: () => void;
  /** The line that has no end yet. */
  #carry = '';
  #dropping = false;

  constructor(
    take: (slice: string) => void,
    lineLength = Number.POSITIVE_INFINITY,
    tooLong: () => void = () => undefined,
  ) {
    this.#take = take;
    this.#lineLength = lineLength;
    this.#tooLong = tooLong;
  }

  push(piece: string): void {
    const end = piece.lastIndexOf('\n') + 1;
    if (end === 0) this.#keep(piece);
    else {
      let at = 0;
      if (this.#carry !== '') {
        // The open line alone: to join it with all of the piece would copy the piece.
        at = piece.indexOf('\n') + 1;
        this.#take(plainText(this.#carry + piece.slice(this.#dropping ? at - 1 : 0, at)));
        this.#dropping = false;
      }
      while (at < end) {
        const newline = at + SLICE >= end ? -1 : piece.indexOf('\n', at + SLICE);
        const to = newline < 0 ? end : newline + 1;
        this.#take(plainText(piece.slice(at, to)));
        at = to;
      }
      this.#carry = '';
      this.#keep(piece.slice(end));
    }
  }

  /** Adds to the line that has no end yet, as much as it may have. */
  #keep(part: string): void {
    if (this.#dropping || part === '') return;
    this.#carry += part;
    if (this.#carry.length <= this.#lineLength) return;
    this.#carry = this.#carry.slice(0, this.#lineLength);
    this.#tooLong();
    this.#dropping = true;
  }

  /** Whether a line is begun that has no end yet. */
  get lineIsOpen(): boolean {
    return this.#carry !== '' || this.#dropping;
  }

  end(): void {
    if (this.#carry !== '') this.#take(plainText(this.#carry));
    this.#carry = '';
    this.#dropping = false;
  }
}

/** Reads a whole text as one capture: for tests, small members and pasted segments. */
export const readText = (input: CaptureInput, text: string): Capture => {
  const module = moduleFor(input.kind);
  if (!module) throw new Error(`no capture module for ${input.kind}`);
  const reader = module.open(input);
  const slices = new PlainSlices((slice) => reader.read(slice));
  slices.push(text);
  slices.end();
  return reader.end();
};
