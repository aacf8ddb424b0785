import { crc32, createInflateRaw } from 'node:zlib';
import type { ByteReader } from './byte-reader.ts';
import { Damage } from './damage.ts';

const CHUNK = 1024 * 1024;

/**
 * RFC 1952, several members in a row. Bytes after the last member that are no gzip are left alone: tools that append to archives
 * write such files. Node's own gunzip would lose the end of the good data there.
 */
export async function* gunzip(input: ByteReader): AsyncGenerator<Buffer> {
  for (let first = true; ; first = false) {
    const head = await input.peek(10);
    if (!first && !(head[0] === 0x1f && head[1] === 0x8b && head[2] === 8)) return;
    await skipHeader(input);
    yield* inflateMember(input);
  }
}

/** Raw deflate up to its own end; what follows stays in the reader. */
export async function* inflateRaw(input: ByteReader, sum: { crc: number; size: number }): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ chunkSize: CHUNK });
  let given = 0;
  let truncated = false;
  const write = (chunk: Buffer) =>
    new Promise<void>((resolve, reject) => inflate.write(chunk, (error) => (error ? reject(error) : resolve())));
  const feed = async (): Promise<void> => {
    for (;;) {
      const chunk = await input.next();
      // A byte too many asks whether the stream has ended: one that has does not take it.
      const bytes = chunk ?? Buffer.alloc(1);
      given += bytes.length;
      await write(bytes);
      if (inflate.bytesWritten < given) {
        if (chunk) input.unread(chunk.subarray(chunk.length - (given - inflate.bytesWritten)));
        return;
      }
      if (!chunk) {
        truncated = true;
        inflate.push(null);
        return;
      }
    }
  };
  const feeding = feed().catch((error: Error) => inflate.destroy(error));
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      sum.crc = crc32(chunk, sum.crc);
      sum.size += chunk.length;
      yield chunk;
    }
    await feeding;
  } catch (error) {
    throw error instanceof Error && 'errno' in error ? new Damage('corrupt', error.message) : error;
  } finally {
    inflate.destroy();
  }
  if (truncated) throw new Damage('truncated', 'deflate stream without an end');
}

async function* inflateMember(input: ByteReader): AsyncGenerator<Buffer> {
  const sum = { crc: 0, size: 0 };
  yield* inflateRaw(input, sum);
  const trailer = await input.read(8);
  if (trailer.length < 8) throw new Damage('truncated', 'gzip trailer is missing');
  if (trailer.readUInt32LE(0) !== sum.crc || trailer.readUInt32LE(4) !== sum.size % 2 ** 32)
    throw new Damage('corrupt', 'gzip checksum does not hold');
}

const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
const FHCRC = 2;

const skipHeader = async (input: ByteReader): Promise<void> => {
  const head = await input.read(10);
  if (head.length < 10) throw new Damage('truncated', 'gzip header is cut');
  const flags = head[3] ?? 0;
  if (flags & FEXTRA) await input.read((await input.read(2)).readUInt16LE(0));
  if (flags & FNAME) await skipText(input);
  if (flags & FCOMMENT) await skipText(input);
  if (flags & FHCRC) await input.read(2);
};

const skipText = async (input: ByteReader): Promise<void> => {
  for (let skipped = 0; skipped < CHUNK; skipped += 1) {
    const byte = await input.read(1);
    if (byte.length === 0 || byte[0] === 0) return;
  }
  throw new Damage('corrupt', 'gzip header has no end');
};
