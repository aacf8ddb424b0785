/**
 * Which rows hold a number in any of several columns: the rows are sorted into hash buckets in two passes over typed arrays, so a million
 * rows cost some tens of milliseconds and four bytes per value. A bucket holds the rows of other numbers too: the caller compares.
 */
export class BucketIndex {
  readonly #mask: number;
  /** Bucket b holds rows[starts[b]] … rows[starts[b + 1] - 1], in ascending order. */
  readonly #starts: Uint32Array;
  readonly #rows: Uint32Array;

  constructor(count: number, columns: readonly Uint32Array[]) {
    let buckets = 16;
    while (buckets < count && buckets < 1 << 20) buckets *= 2;
    this.#mask = buckets - 1;
    const starts = new Uint32Array(buckets + 1);
    for (const column of columns)
      for (let row = 0; row < count; row += 1) {
        const bucket = this.#bucket(column[row] ?? 0) + 1;
        starts[bucket] = (starts[bucket] ?? 0) + 1;
      }
    for (let bucket = 1; bucket <= buckets; bucket += 1)
      starts[bucket] = (starts[bucket] ?? 0) + (starts[bucket - 1] ?? 0);
    const fill = starts.slice();
    const rows = new Uint32Array(count * columns.length);
    for (let row = 0; row < count; row += 1)
      for (const column of columns) {
        const bucket = this.#bucket(column[row] ?? 0);
        const at = fill[bucket] ?? 0;
        rows[at] = row;
        fill[bucket] = at + 1;
      }
    this.#starts = starts;
    this.#rows = rows;
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
