import { ByteReader } from './byte-reader.ts';
import { Damage } from './damage.ts';
import { inflateRaw } from './gunzip.ts';
import { nothing, type RawMember } from './member.ts';

const LOCAL = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const ENCRYPTED = 1;
const SIZES_FOLLOW = 8;
const STORED = 0;
const DEFLATED = 8;

/**
 * Members of a zip from its beginning, by their local headers (APPNOTE 4.3.7): for archives that were cut and so have no directory.
 * Throws Damage where the bytes end, or where a member's length is told by the directory only.
 */
export async function* zipMembersFromStart(input: ByteReader): AsyncGenerator<RawMember> {
  for (;;) {
    const head = await input.read(30);
    if (head.length < 30 || head.readUInt32LE(0) !== LOCAL) break;
    const flags = head.readUInt16LE(6);
    const method = head.readUInt16LE(8);
    const size = head.readUInt32LE(18);
    const name = (await input.read(head.readUInt16LE(26))).toString('utf8');
    await input.read(head.readUInt16LE(28));
    if (flags & ENCRYPTED) yield { name, type: 'encrypted', content: nothing };
    const sizesFollow = (flags & SIZES_FOLLOW) !== 0;
    const readable = !(flags & ENCRYPTED) && (method === DEFLATED || (method === STORED && !sizesFollow));
    if (readable && !name.endsWith('/')) {
      const content = new ByteReader(
        method === DEFLATED ? inflateRaw(input, { crc: 0, size: 0 }) : exactly(input, size),
      );
      yield { name, type: 'file', packed: Number.POSITIVE_INFINITY, content };
      for (let rest = await content.next(); rest; ) rest = await content.next();
    } else if (sizesFollow) break;
    else for await (const _ of exactly(input, size));
    if (sizesFollow) await skipDescriptor(input);
  }
  throw new Damage('truncated', 'zip: no directory at its end');
}

async function* exactly(input: ByteReader, size: number): AsyncGenerator<Buffer> {
  for (let left = size; left > 0; ) {
    const chunk = await input.next();
    if (!chunk) throw new Damage('truncated', 'zip ends in a member');
    if (chunk.length > left) input.unread(chunk.subarray(left));
    yield chunk.subarray(0, left);
    left -= Math.min(left, chunk.length);
  }
}

const skipDescriptor = async (input: ByteReader): Promise<void> => {
  const head = await input.peek(4);
  const signed = head.length === 4 && head.readUInt32LE(0) === DESCRIPTOR;
  const short = signed ? 16 : 12;
  const after = (await input.peek(short + 4)).subarray(short);
  // The lengths have eight bytes in a zip64.
  await input.read(after.length < 4 || after[0] === 0x50 ? short : short + 8);
};
