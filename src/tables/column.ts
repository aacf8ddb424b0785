type Cells = Uint8Array | Uint16Array | Uint32Array | Float64Array;

const CHUNK_BITS = 14;
const CHUNK = 1 << CHUNK_BITS;
const WITHIN = CHUNK - 1;

/**
 * One column of numbers that grows by chunks: growing copies nothing, and a column in which nothing was ever stored costs nothing.
 * A cell that was never set reads as 0.
 */
export class Column {
  readonly #cells: new (
    length: number,
  ) => Cells;
  readonly #chunks: (Cells | undefined)[] = [];

  constructor(cells: new (length: number) => Cells) {
    this.#cells = cells;
  }

  set(row: number, value: number): void {
    const at = row >>> CHUNK_BITS;
    let chunk = this.#chunks[at];
    if (chunk === undefined) {
      if (value === 0) return;
      chunk = new this.#cells(CHUNK);
      this.#chunks[at] = chunk;
    }
    chunk[row & WITHIN] = value;
  }

  get(row: number): number {
    const chunk = this.#chunks[row >>> CHUNK_BITS];
    return chunk === undefined ? 0 : (chunk[row & WITHIN] as number);
  }
}
