import type { Readable } from 'node:stream';
import { type Entry, fromBufferPromise, getFileNameLowLevel, openPromise, type ZipFile } from 'yauzl';
import type { Chunks } from './byte-reader.ts';
import { Damage } from './damage.ts';
import { nothing, type RawMember } from './member.ts';

const OPTIONS = { autoClose: false, decodeStrings: false, validateEntrySizes: true };
const SYMLINK = 0o120000;
const TYPE_MASK = 0o170000;

/** Members of a zip, from its directory. Throws Damage where there is none: the archive was cut. */
export async function* zipMembers(zip: string | Buffer): AsyncGenerator<RawMember> {
  let file: ZipFile | undefined;
  try {
    file = typeof zip === 'string' ? await openPromise(zip, OPTIONS) : await fromBufferPromise(zip, OPTIONS);
    for await (const entry of file.eachEntry()) {
      const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
      if (!name.endsWith('/')) yield await memberOf(file, entry, name);
    }
  } catch (error) {
    throw damageOf(error);
  } finally {
    file?.close();
  }
}

const memberOf = async (zip: ZipFile, entry: Entry, name: string): Promise<RawMember> => {
  const about = { name, mtime: entry.getLastModDate().getTime() / 1000 };
  if (entry.isEncrypted()) return { ...about, type: 'encrypted', content: nothing };
  if (((entry.externalFileAttributes >>> 16) & TYPE_MASK) === SYMLINK && entry.uncompressedSize < 4096)
    return { ...about, type: 'symlink', target: await textOf(zip, entry), content: nothing };
  return { ...about, type: 'file', packed: entry.compressedSize, content: bytesOf(zip, entry) };
};

const bytesOf = (zip: ZipFile, entry: Entry): Chunks => ({
  async *[Symbol.asyncIterator]() {
    let stream: Readable | undefined;
    try {
      stream = await zip.openReadStreamPromise(entry);
      yield* stream as AsyncIterable<Buffer>;
    } catch (error) {
      throw damageOf(error);
    } finally {
      stream?.destroy();
    }
  },
});

const textOf = async (zip: ZipFile, entry: Entry): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const chunk of bytesOf(zip, entry)) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
};

/** yauzl tells of malformed zips by plain errors with words of its own; what has a code comes from the system, unless it is zlib's. */
const damageOf = (error: unknown): unknown => {
  if (!(error instanceof Error) || error instanceof Damage || error.name !== 'Error') return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code !== '' && !code.startsWith('Z_')) return error;
  return new Damage(
    /[Ee]nd of central directory/.test(error.message) ? 'truncated' : 'corrupt',
    `zip: ${error.message}`,
  );
};
