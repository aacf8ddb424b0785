import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Limits } from '../limits.ts';
import { type BundleNote, note } from '../note.ts';
import type { ReadingWatch } from '../options.ts';
import { ByteReader, type Chunks } from './byte-reader.ts';
import { Damage, LimitReached } from './damage.ts';
import { folderMembers } from './folder.ts';
import { gunzip } from './gunzip.ts';
import { type Form, formOf, HEAD_BYTES } from './magic.ts';
import type { RawMember } from './member.ts';
import type { Source } from './source.ts';
import { tarMembers } from './tar.ts';
import { linkTarget, virtualPath } from './virtual-path.ts';

/** A file of the bundle, wherever it lies: `node1/ip_addr.txt`, `sosreport-n1.tar.xz!/sosreport-n1/uname`. */
export interface Member {
  readonly path: string;
  /** Seconds since the epoch, from the archive's header. */
  readonly mtime: number | undefined;
  /** A link's target inside the bundle, undefined where it leads outside; null for what is no link. */
  readonly link: string | null | undefined;
  /** The link as it was written. */
  readonly linkText: string;
  readonly form: Form;
  readonly content: ByteReader;
}

interface Place {
  /** The container's path as the user knows it. */
  readonly file: string;
  /** What its members' paths begin with. */
  readonly prefix: string;
  readonly layers: number;
  readonly outermost: boolean;
}

type Decompress = (input: ByteReader) => Chunks;

/** Loaded when the first archive of the form is met: few bundles have one. */
const lazily = (load: () => Promise<Decompress>): Decompress =>
  async function* (input) {
    yield* (await load())(input);
  };

const DECOMPRESS: Partial<Record<Form, Decompress>> = {
  gzip: gunzip,
  xz: lazily(async () => (await import('./unxz.ts')).unxz),
  bzip2: lazily(async () => (await import('./bunzip2.ts')).bunzip2),
  zstd: lazily(async () => (await import('./unzstd.ts')).unzstd),
};

/** Of an archive at once: each piece is a journey to the decompressor's thread and back. */
const READ_BYTES = 256 * 1024;

const isContainer = (form: Form): boolean => form in DECOMPRESS || form === 'tar' || form === 'zip' || form === 'pgp';

/** `conntrack.txt.gz` is `conntrack.txt` once it is unpacked; an archive keeps its name, for its members stand behind it. */
const unpackedName = (path: string): string => path.replace(/\.(?:gz|xz|bz2|zst)$/i, '');

/** One pass over everything in a source, archives in archives included, within the limits. */
export class Walk {
  readonly #limits: Limits;
  readonly #source: Source;
  readonly #tell: (note: BundleNote) => void;
  #members = 0;
  /** Bytes that have come out of all decompressors. */
  bytesOut = 0;
  #outer: ByteReader | undefined;
  readonly #onBytes: ReadingWatch['onBytes'];
  /** Bytes of a zip's members that were read: it is not read from its beginning to its end. */
  #unzipped = 0;

  constructor(source: Source, limits: Limits, tell: (note: BundleNote) => void, onBytes?: ReadingWatch['onBytes']) {
    this.#source = source;
    this.#limits = limits;
    this.#tell = tell;
    this.#onBytes = onBytes;
  }

  /** Bytes taken from the source itself. */
  get bytesIn(): number {
    return this.#outer?.taken ?? 0;
  }

  /** Throws Damage or LimitReached where the outermost archive cannot be read further. */
  members(prefix = ''): AsyncGenerator<Member> {
    const source = this.#source;
    const place = { file: source.name, prefix, layers: 0, outermost: true };
    if (source.kind === 'folder') return this.#each(folderMembers(source.path), place);
    if (source.kind === 'kept') return this.#outermost(Chunked(source.chunks), place);
    return this.#file(source.path, place);
  }

  async *#file(path: string, place: Place): AsyncGenerator<Member> {
    const head = await headOf(path);
    // A zip is read from its end: no need to keep it in memory.
    if (formOf(head) === 'zip') yield* this.#zip(path, () => createReadStream(path), place);
    else yield* this.#outermost(createReadStream(path, { highWaterMark: READ_BYTES }), place);
  }

  #outermost(bytes: Chunks, place: Place): AsyncGenerator<Member> {
    const outer = new ByteReader(this.#onBytes ? this.#watched(bytes, this.#onBytes) : bytes);
    this.#outer = outer;
    return this.#unfold(outer, place);
  }

  async *#watched(bytes: Chunks, tell: NonNullable<ReadingWatch['onBytes']>): AsyncGenerator<Uint8Array> {
    let taken = 0;
    for await (const chunk of bytes) {
      taken += chunk.length;
      tell(taken, this.#wholeBytes);
      yield chunk;
    }
  }

  get #wholeBytes(): number {
    return this.#source.kind === 'folder' ? 0 : this.#source.bytes;
  }

  async *#unfold(input: ByteReader, place: Place): AsyncGenerator<Member> {
    const form = formOf(await input.peek(HEAD_BYTES));
    const decompress = DECOMPRESS[form];
    if (!isContainer(form)) {
      const path = place.outermost ? `${place.prefix}${unpackedName(place.file)}` : unpackedName(place.file);
      yield { path, mtime: undefined, link: null, linkText: '', form, content: input };
      // A lone packed text has no next member at which its end would be met.
      if (input.failure !== undefined) throw input.failure;
      return;
    }
    if (place.layers >= 2 * this.#limits.nesting) throw new LimitReached('archive', 'too-deep');
    const deeper = { ...place, layers: place.layers + 1 };
    if (decompress) yield* this.#unfold(new ByteReader(this.#metered(decompress(input), input)), deeper);
    else if (form === 'tar') yield* this.#each(tarMembers(input), deeper);
    else if (form === 'zip') {
      const bytes = await this.#kept(input);
      yield* this.#zip(bytes, () => Chunked([bytes]), deeper);
    } else throw new Encrypted();
  }

  /** By its directory; one that was cut has none, and is read from its beginning. */
  async *#zip(zip: string | Buffer, bytes: () => Chunks, place: Place): AsyncGenerator<Member> {
    const { zipMembers } = await import('./zip.ts');
    try {
      yield* this.#each(zipMembers(zip), place);
    } catch (error) {
      if (!(error instanceof Damage && error.reason === 'truncated')) throw error;
      const { zipMembersFromStart } = await import('./zip-stream.ts');
      yield* this.#each(zipMembersFromStart(new ByteReader(bytes())), place);
    }
  }

  async *#each(members: AsyncIterable<RawMember>, place: Place): AsyncGenerator<Member> {
    for await (const raw of members) {
      this.#members += 1;
      if (this.#members > this.#limits.members)
        throw new LimitReached('bundle', `more than ${this.#limits.members} members`);
      const inside = virtualPath(raw.name);
      if (inside === undefined) {
        if (!/^[./]*$/.test(raw.name))
          this.#tell(note('rejected-path', { file: place.prefix + raw.name.slice(0, 255) }));
        continue;
      }
      yield* this.#member(raw, inside, place);
      if (!place.outermost || raw.packed === undefined) continue;
      this.#unzipped += raw.packed;
      this.#onBytes?.(this.#unzipped, this.#wholeBytes);
    }
  }

  async *#member(raw: RawMember, inside: string, place: Place): AsyncGenerator<Member> {
    const path = place.prefix + inside;
    const about = { path, mtime: raw.mtime, link: null, linkText: '' };
    const content = new ByteReader(this.#limited(raw.content, raw.packed));
    if (raw.type === 'encrypted') this.#tell(note('encrypted-member', { file: path }));
    else if (raw.type === 'other') yield { ...about, form: 'binary', content };
    else if (raw.type !== 'file') {
      const target = raw.target ?? '';
      const to = raw.type === 'hardlink' ? virtualPath(target) : linkTarget(inside, target);
      yield {
        ...about,
        link: to === undefined ? undefined : place.prefix + to,
        linkText: target,
        form: 'empty',
        content,
      };
    } else yield* this.#content(about, content, place);
  }

  async *#content(about: Omit<Member, 'form' | 'content'>, content: ByteReader, place: Place): AsyncGenerator<Member> {
    let form: Form;
    try {
      form = formOf(await content.peek(HEAD_BYTES));
    } catch (error) {
      // It is cut in its first bytes: whoever reads it meets the damage again.
      if (!(error instanceof Damage)) throw error;
      form = formOf(content.ahead);
    }
    if (!isContainer(form)) {
      yield { ...about, form, content };
      return;
    }
    const nested = { file: about.path, prefix: `${about.path}!/`, layers: place.layers, outermost: false };
    try {
      for await (const member of this.#unfold(content, nested))
        yield member.mtime === undefined ? { ...member, mtime: about.mtime } : member;
    } catch (error) {
      this.#tell(nestedNote(about.path, error));
    } finally {
      await content.close();
    }
  }

  /** Output of a decompressor, counted. */
  async *#metered(output: Chunks, input: ByteReader): AsyncGenerator<Uint8Array> {
    const { totalBytes, ratio, ratioFrom } = this.#limits;
    let out = 0;
    for await (const chunk of output) {
      out += chunk.length;
      this.bytesOut += chunk.length;
      if (this.bytesOut > totalBytes) throw new LimitReached('bundle', `more than ${totalBytes} bytes unpacked`);
      if (out > ratioFrom && out > ratio * input.taken) throw new LimitReached('archive', 'too-large');
      yield chunk;
    }
  }

  async *#limited(content: Chunks, packed: number | undefined): AsyncGenerator<Uint8Array> {
    const { memberBytes, totalBytes, ratio, ratioFrom } = this.#limits;
    let out = 0;
    for await (const chunk of content) {
      out += chunk.length;
      if (out > memberBytes) throw new LimitReached('member', 'too-large');
      if (packed !== undefined) {
        this.bytesOut += chunk.length;
        if (this.bytesOut > totalBytes) throw new LimitReached('bundle', `more than ${totalBytes} bytes unpacked`);
        if (out > ratioFrom && out > ratio * packed) throw new LimitReached('member', 'too-large');
      }
      yield chunk;
    }
  }

  async #kept(input: ByteReader): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of input) {
      bytes += chunk.length;
      if (bytes > this.#limits.keptBytes) throw new LimitReached('archive', 'too-large');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }
}

/** Bytes that only a key opens. */
export class Encrypted extends Error {}

const nestedNote = (file: string, error: unknown): BundleNote => {
  if (error instanceof Encrypted) return note('nested-unreadable', { file, reason: 'encrypted' });
  if (error instanceof Damage) return note('truncated', { file, reason: error.reason });
  if (error instanceof LimitReached && error.scope !== 'bundle')
    return note('nested-unreadable', { file, reason: error.message === 'too-deep' ? 'too-deep' : 'too-large' });
  throw error;
};

const Chunked = (chunks: readonly Buffer[]): Chunks => ({
  async *[Symbol.asyncIterator]() {
    yield* chunks;
  },
});

const headOf = async (path: string): Promise<Buffer> => {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};
