/** A run of rows: the columns' first so many cells. */
interface Block {
  readonly columns: readonly Uint32Array[];
  readonly rows: number;
}

/**
 * Which rows hold a number in any of several columns: the rows are sorted into hash buckets in two passes over typed arrays, so a million
 * rows cost some tens of milliseconds and four bytes per value. A bucket holds the rows of other numbers too: the caller compares.
 */
export class BucketIndex {
  readonly #mask: number;
  /** Bucket b holds rows[starts[b]] … rows[starts[b + 1] - 1], in ascending order. */
  readonly #starts: Uint32Array;
  readonly #rows: Uint32Array;

  constructor(blocks: readonly Block[]) {
    const count = blocks.reduce((sum, block) => sum + block.rows, 0);
    let buckets = 16;
    while (buckets < count && buckets < 1 << 20) buckets *= 2;
    this.#mask = buckets - 1;
    const starts = new Uint32Array(buckets + 1);
    for (const { columns, rows } of blocks)
      for (const column of columns)
        for (let at = 0; at < rows; at += 1) {
          const bucket = this.#bucket(column[at] ?? 0) + 1;
          starts[bucket] = (starts[bucket] ?? 0) + 1;
        }
    for (let bucket = 1; bucket <= buckets; bucket += 1)
      starts[bucket] = (starts[bucket] ?? 0) + (starts[bucket - 1] ?? 0);
    const fill = starts.slice();
    const held = new Uint32Array(starts[buckets] ?? 0);
    let first = 0;
    for (const { columns, rows } of blocks) {
      for (let at = 0; at < rows; at += 1)
        for (const column of columns) {
          const bucket = this.#bucket(column[at] ?? 0);
          const to = fill[bucket] ?? 0;
          held[to] = first + at;
          fill[bucket] = to + 1;
        }
      first += rows;
    }
    this.#starts = starts;
    this.#rows = held;
  }

  /** Rows that may hold the value, each once, ascending. */
  *candidates(value: number): Generator<number> {
    const bucket = this.#bucket(value);
    let last = -1;
    for (let at = this.#starts[bucket] ?? 0; at < (this.#starts[bucket + 1] ?? 0); at += 1) {
      const row = this.#rows[at] ?? 0;
      if (row !== last) yield row;
      last = row;
    }
  }

  /** Fibonacci hashing: neighbouring addresses fall into different buckets. */
  #bucket(value: number): number {
    return (Math.imul(value, 0x9e3779b1) >>> 12) & this.#mask;
  }
}
