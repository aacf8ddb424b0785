import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import type { ByteReader } from './byte-reader.ts';
import { Damage } from './damage.ts';

/** Newer Node reads zstd itself, twice as fast. */
const native = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;

/** A block of four bytes may unfold to 128 KiB: small steps bound what one step makes. */
const STEP = 2048;

/** RFC 8878, several frames in a row. */
export const unzstd = (input: ByteReader): AsyncGenerator<Uint8Array> =>
  native ? byNode(input, native) : byPackage(input);

async function* byNode(input: ByteReader, create: () => Transform): AsyncGenerator<Uint8Array> {
  const source = Readable.from(input, { objectMode: false });
  const stream = create();
  source.on('error', (error) => stream.destroy(error));
  try {
    yield* source.pipe(stream) as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof Error && 'errno' in error)
      throw new Damage((await input.peek(1)).length === 0 ? 'truncated' : 'corrupt', error.message);
    throw error;
  } finally {
    stream.destroy();
  }
}

async function* byPackage(input: ByteReader): AsyncGenerator<Uint8Array> {
  let out: Uint8Array[] = [];
  const decompress = new Decompress((data) => out.push(data));
  const step = (bytes: Uint8Array, last: boolean): void => {
    try {
      decompress.push(bytes, last);
    } catch (error) {
      throw new Damage(
        last ? 'truncated' : 'corrupt',
        `zstd: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  for await (const chunk of input)
    for (let at = 0; at < chunk.length; at += STEP) {
      step(chunk.subarray(at, at + STEP), false);
      yield* out;
      out = [];
    }
  step(new Uint8Array(0), true);
  yield* out;
}
