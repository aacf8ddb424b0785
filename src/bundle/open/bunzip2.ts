import { createRequire } from 'node:module';
import type { ByteReader } from './byte-reader.ts';
import { Damage } from './damage.ts';

type Bits = (count: number | null) => number;
interface Bzip2 {
  header(bits: Bits): number;
  decompress(bits: Bits, byte: (value: number) => void, work: Int32Array, size: number, crc: number): number | null;
}

const require = createRequire(import.meta.url);
const bzip2 = require('unbzip2-stream/lib/bzip2.js') as Bzip2;
const bitIterator = require('unbzip2-stream/lib/bit_iterator.js') as (
  next: () => Buffer,
) => Bits & { bytesRead: number };

const BLOCK = 100_000;
/** A block never takes much more than its own size. */
const SLACK = 25_000;

/**
 * bzip2, several streams in a row. The package's blocks are driven from here and not through its stream, which would unfold all
 * blocks of a chunk at once: forty bytes may be a block of 900 kB.
 */
export async function* bunzip2(input: ByteReader): AsyncGenerator<Buffer> {
  const queue: Buffer[] = [];
  let given = 0;
  let ended = false;
  let cut = false;
  const fill = async (wanted: number): Promise<void> => {
    while (!ended && given < wanted) {
      const chunk = await input.next();
      if (!chunk) {
        ended = true;
        break;
      }
      queue.push(chunk);
      given += chunk.length;
    }
  };
  await fill(SLACK);
  const bits = bitIterator(() => {
    const chunk = queue.shift();
    if (chunk) return chunk;
    cut = true;
    throw new Error('no more bytes');
  });
  for (let streams = 0; ; streams += 1) {
    await fill(bits.bytesRead + 4);
    if (streams > 0 && given - bits.bytesRead < 4) return;
    let size: number;
    try {
      size = bzip2.header(bits);
    } catch (error) {
      // Anything may stand behind the last stream.
      if (streams > 0) return;
      throw damage(error, cut);
    }
    const work = new Int32Array(BLOCK * size);
    for (let crc: number | null = 0; crc !== null; ) {
      await fill(bits.bytesRead + SLACK + BLOCK * size);
      const block = new Bytes(BLOCK * size);
      try {
        crc = bzip2.decompress(bits, block.push, work, BLOCK * size, crc);
      } catch (error) {
        throw damage(error, cut);
      }
      if (block.length > 0) yield block.taken();
    }
  }
}

/** Bytes that come one by one. A block may unfold further than its size: four equal bytes are followed by a count of more. */
class Bytes {
  #bytes: Buffer;
  length = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  readonly push = (value: number): void => {
    if (this.length === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(this.length)]);
    this.#bytes[this.length] = value;
    this.length += 1;
  };

  taken(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }
}

const damage = (error: unknown, cut: boolean): Damage =>
  new Damage(cut ? 'truncated' : 'corrupt', `bzip2: ${error instanceof Error ? error.message : String(error)}`);
