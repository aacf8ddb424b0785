/** The input ends within what is being read. */
export class OutOfBits extends Error {
  constructor() {
    super('no more bytes');
    this.name = 'OutOfBits';
  }
}

/** Bits of a sequence of chunks, the highest of each byte first. */
export class Bits {
  readonly #chunks: Buffer[] = [];
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** The lowest `#held` bits are those that come next. */
  #bits = 0;
  #held = 0;
  /** Bytes that have been given so far. */
  given = 0;
  #begun = 0;

  give(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.given += chunk.length;
  }

  /** Bytes of which no bit has been read yet. */
  get left(): number {
    return this.given - this.#begun;
  }

  /** The next `count` bits, at most 24, as a number. */
  take(count: number): number {
    while (this.#held < count) {
      this.#bits = ((this.#bits << 8) | this.#byte()) >>> 0;
      this.#held += 8;
    }
    this.#held -= count;
    const value = this.#bits >>> this.#held;
    this.#bits &= (1 << this.#held) - 1;
    return value;
  }

  /** An unsigned number of 32 bits. */
  take32(): number {
    const high = this.take(16);
    return ((high << 16) | this.take(16)) >>> 0;
  }

  /** Leaves out what is left of a byte. */
  align(): void {
    this.take(this.#held % 8);
  }

  #byte(): number {
    while (this.#at === this.#chunk.length) {
      const next = this.#chunks.shift();
      if (!next) throw new OutOfBits();
      this.#chunk = next;
      this.#at = 0;
    }
    this.#begun += 1;
    const value = this.#chunk[this.#at] as number;
    this.#at += 1;
    return value;
  }
}
