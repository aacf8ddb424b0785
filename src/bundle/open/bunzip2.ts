import type { ByteReader } from './byte-reader.ts';
import { Bits, OutOfBits } from './bzip2/bits.ts';
import { readBlock } from './bzip2/block.ts';
import { crc32, joinedCrc } from './bzip2/crc32.ts';
import { Damage } from './damage.ts';

const BLOCK = 100_000;
/** A block never takes much more than its own size. */
const SLACK = 25_000;
const HEADER = 4;
/** Pi and its root, in decimal digits: a block begins, the stream ends. */
const [BLOCK_BEGINS, STREAM_ENDS] = ['314159265359', '177245385090'];

/**
 * bzip2, several streams in a row, block by block: forty bytes may be a block of 900 kB. Memory holds what comes of one block and the bytes that it
 * may take at most.
 */
export async function* bunzip2(input: ByteReader): AsyncGenerator<Buffer> {
  const bits = new Bits();
  let ended = false;
  const fill = async (wanted: number): Promise<void> => {
    while (!ended && bits.left < wanted) {
      const chunk = await input.next();
      if (chunk) bits.give(chunk);
      else ended = true;
    }
  };
  for (let streams = 0; ; streams += 1) {
    await fill(HEADER);
    if (streams > 0 && bits.left < HEADER) return;
    const size = sound(() => levelOf(bits.take(24), bits.take(8)));
    // Anything may stand behind the last stream.
    if (size === undefined && streams > 0) return;
    if (size === undefined) throw new Damage('corrupt', 'bzip2: no header');
    const work = new Uint32Array(BLOCK * size);
    for (let crc = 0, open = true; open; ) {
      await fill(SLACK + BLOCK * size);
      const block = sound(() => nextBlock(bits, work));
      if (block.bytes) {
        crc = joinedCrc(crc, block.crc);
        if (block.bytes.length > 0) yield block.bytes;
      } else {
        if (block.crc !== crc) throw new Damage('corrupt', "bzip2: the stream's checksum does not hold");
        open = false;
      }
    }
  }
}

/** A stream's block size in 100 kB, undefined where it is no header. */
const levelOf = (magic: number, level: number): number | undefined =>
  magic === 0x425a68 && level >= 0x31 && level <= 0x39 ? level - 0x30 : undefined;

/** The next block with its checksum, or the stream's checksum at its end. */
const nextBlock = (bits: Bits, work: Uint32Array): { readonly crc: number; readonly bytes: Buffer | undefined } => {
  const magic = bits.take(24).toString(16).padStart(6, '0') + bits.take(24).toString(16).padStart(6, '0');
  if (magic !== BLOCK_BEGINS && magic !== STREAM_ENDS) throw new Error('neither a block nor an end');
  const crc = bits.take32();
  if (magic === STREAM_ENDS) {
    bits.align();
    return { crc, bytes: undefined };
  }
  const bytes = readBlock(bits, work);
  if (crc32(bytes) !== crc) throw new Error("a block's checksum does not hold");
  return { crc, bytes };
};

/** Runs a reading; what it throws is damage of the archive. */
const sound = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw new Damage(
      error instanceof OutOfBits ? 'truncated' : 'corrupt',
      `bzip2: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};
