import { setImmediate } from 'node:timers/promises';
import { extract, type Header } from 'tar-stream';
import type { ByteReader, Chunks } from './byte-reader.ts';
import { Damage } from './damage.ts';
import { nothing, type RawMember } from './member.ts';

/** What is used of tar-stream's archive, which is a streamx stream and no Node one. */
type Entry = AsyncIterable<Uint8Array> & { readonly header: Header };
interface Archive extends AsyncIterable<Entry> {
  readonly destroyed: boolean;
  write(chunk: Buffer): boolean;
  end(): void;
  destroy(): void;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Members of a tar. Throws Damage where the archive ends early, after the last member's bytes were delivered. */
export async function* tarMembers(input: ByteReader): AsyncGenerator<RawMember> {
  const archive = extract() as unknown as Archive;
  const fed: { failure?: unknown } = {};
  const feeding = feed(input, archive, fed);
  try {
    for await (const entry of archive) {
      const bytes = new EntryBytes(entry, fed);
      if (entry.header.type !== 'directory') yield memberOf(entry, bytes);
      await bytes.drain();
    }
    await feeding;
    if (fed.failure !== undefined) throw fed.failure;
  } catch (error) {
    throw failureOf(error, fed);
  } finally {
    archive.destroy();
  }
}

const feed = async (input: ByteReader, archive: Archive, fed: { failure?: unknown }): Promise<void> => {
  try {
    for (;;) {
      const chunk = await input.next();
      if (!chunk || archive.destroyed) break;
      if (!archive.write(chunk)) await room(archive);
    }
  } catch (error) {
    fed.failure = error;
  }
  if (archive.destroyed) return;
  // The end drops what an open entry has not handed over yet.
  await setImmediate();
  await setImmediate();
  archive.end();
};

/** Until the archive takes more bytes, or is let go of. */
const room = (archive: Archive): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      archive.off('drain', done);
      archive.off('close', done);
      resolve();
    };
    archive.on('drain', done);
    archive.on('close', done);
    if (archive.destroyed) done();
  });

const failureOf = (error: unknown, fed: { readonly failure?: unknown }): unknown => {
  if (fed.failure !== undefined) return fed.failure;
  if (!(error instanceof Error) || error instanceof Damage) return error;
  if (error.message === 'Unexpected end of data') return new Damage('truncated', 'tar ends in a member');
  return /tar header|[Ii]nvalid header|Header exceeds|Premature close/.test(error.message)
    ? new Damage('corrupt', error.message)
    : error;
};

const memberOf = (entry: Entry, bytes: Chunks): RawMember => {
  const { header } = entry;
  const sparse = (header.pax as Readonly<Record<string, string>> | null | undefined)?.['GNU.sparse.name'];
  const name = sparse ?? header.name;
  const mtime = header.mtime ? header.mtime.getTime() / 1000 : undefined;
  const about = { name, ...(mtime === undefined || Number.isNaN(mtime) ? {} : { mtime }) };
  if (header.type === 'symlink' || header.type === 'link')
    return {
      ...about,
      type: header.type === 'link' ? 'hardlink' : 'symlink',
      target: header.linkname ?? '',
      content: nothing,
    };
  // A sparse file's bytes begin with the map of its holes.
  const plain = (header.type === 'file' || header.type === 'contiguous-file') && sparse === undefined;
  return { ...about, type: plain ? 'file' : 'other', content: plain ? bytes : nothing };
};

/** An entry's bytes. Who stops half way leaves the rest to `drain`: an entry that is let go of takes the archive with it. */
class EntryBytes implements Chunks {
  readonly #entry: AsyncIterator<Uint8Array>;
  readonly #fed: { readonly failure?: unknown };

  constructor(entry: Entry, fed: { readonly failure?: unknown }) {
    this.#entry = entry[Symbol.asyncIterator]();
    this.#fed = fed;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { done, value } = await this.#next();
      if (done) return;
      yield value;
    }
  }

  async drain(): Promise<void> {
    for (let { done } = await this.#next(); !done; ) ({ done } = await this.#next());
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#entry.next();
    } catch (error) {
      throw failureOf(error, this.#fed);
    }
  }
}
