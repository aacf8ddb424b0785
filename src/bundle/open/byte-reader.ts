export type Chunks = AsyncIterable<Uint8Array>;

/** Bytes in order, with a look ahead. */
export class ByteReader implements Chunks {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #ahead: Buffer[] = [];
  #aheadBytes = 0;
  /** What ended the source: told again to whoever reads on after a look ahead. */
  failure: unknown;
  /** Bytes that have come from the source so far. */
  taken = 0;

  constructor(source: Chunks) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #pull(): Promise<Buffer | undefined> {
    if (this.failure !== undefined) throw this.failure;
    for (;;) {
      const { done, value } = await this.#source.next().catch((error: unknown) => {
        this.failure = error;
        throw error;
      });
      if (done) return undefined;
      if (value.length === 0) continue;
      this.taken += value.length;
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  }

  /** The next bytes without taking them; fewer than `count` only at the end, or where the source is damaged. */
  async peek(count: number): Promise<Buffer> {
    while (this.#aheadBytes < count) {
      const chunk = await this.#pull();
      if (!chunk) break;
      this.#ahead.push(chunk);
      this.#aheadBytes += chunk.length;
    }
    if (this.#ahead.length > 1) this.#ahead.splice(0, this.#ahead.length, Buffer.concat(this.#ahead));
    return (this.#ahead[0] ?? Buffer.alloc(0)).subarray(0, count);
  }

  /** What a look ahead has found so far. */
  get ahead(): Buffer {
    return Buffer.concat(this.#ahead);
  }

  /** Any bytes that come next; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    const chunk = this.#ahead.shift();
    if (!chunk) return this.#pull();
    this.#aheadBytes -= chunk.length;
    return chunk;
  }

  /** Exactly `count` bytes, or fewer at the end. */
  async read(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    if (bytes.length === 0) return bytes;
    const first = this.#ahead[0] as Buffer;
    this.#aheadBytes -= bytes.length;
    if (first.length === bytes.length) this.#ahead.shift();
    else this.#ahead[0] = first.subarray(bytes.length);
    return bytes;
  }

  /** Puts bytes back in front. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#ahead.unshift(bytes);
    this.#aheadBytes += bytes.length;
  }

  /** Lets go of the source without reading it to its end. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = await this.next();
      if (!chunk) return;
      yield chunk;
    }
  }
}
