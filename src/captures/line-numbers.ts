import type { LineRange } from '../records/capture.ts';

/**
 * The numbers that a reader's lines have in their file, where the two part: lines of other machines or of nobody between them, two lines
 * that were one before something wrapped it. Positions are 1-based like a capture's own lines and are added in rising order.
 */
export class LineNumbers {
  readonly #positions: number[] = [];
  readonly #numbers: number[] = [];

  /** The line at this position, and those behind it until another word is said, are these of the file. */
  add(position: number, number: number): void {
    if (this.of(position) === number) return;
    this.#positions.push(position);
    this.#numbers.push(number);
  }

  /** Whether any line so far has another number than its place. */
  get part(): boolean {
    return this.#positions.length > 0;
  }

  of(position: number): number {
    let low = 0;
    let high = this.#positions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#positions[middle] as number) <= position) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? position : (this.#numbers[low - 1] as number) + position - (this.#positions[low - 1] as number);
  }

  /** The lines of the file at `count` positions from the first one on. */
  ranges(first: number, count: number): readonly LineRange[] {
    const ranges: [number, number][] = [];
    for (let position = first; position < first + count; position += 1) {
      const number = this.of(position);
      const last = ranges.at(-1);
      if (last && number === last[1] + 1) last[1] = number;
      else ranges.push([number, number]);
    }
    return ranges;
  }
}
