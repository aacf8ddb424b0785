import { execFileSync } from 'node:child_process';
import { crc32, deflateRawSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Bundle } from '../../src/bundle/bundle.ts';
import type { Limits } from '../../src/bundle/limits.ts';
import { readBundle } from '../../src/bundle/read-bundles.ts';

export interface TarMember {
  readonly name: string;
  readonly text?: string | Buffer;
  readonly type?: 'file' | 'symlink' | 'link' | 'directory';
  readonly linkname?: string;
  readonly mtime?: Date;
}

/** A tar of these members, in this order. */
export const tar = async (members: readonly TarMember[]): Promise<Buffer> => {
  const archive = pack();
  for (const { name, text = '', type = 'file', linkname, mtime = new Date(1_790_000_000_000) } of members)
    archive.entry({ name, type, mtime, ...(linkname === undefined ? {} : { linkname }) }, type === 'file' ? text : '');
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive as unknown as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
};

export const tree = (files: Readonly<Record<string, string | Buffer>>): readonly TarMember[] =>
  Object.entries(files).map(([name, text]) => ({ name, text }));

export interface ZipMember {
  readonly name: string;
  readonly text: string | Buffer;
  readonly encrypted?: boolean;
  readonly symlink?: boolean;
}

/** A zip of these members: local headers, directory, end record (APPNOTE 4.3). */
export const zip = (members: readonly ZipMember[]): Buffer => {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, text, encrypted, symlink } of members) {
    const bytes = Buffer.from(text as string);
    const body = deflateRawSync(bytes);
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(encrypted ? 1 : 0, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(0x6000, 6);
    common.writeUInt16LE(0x5a21, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, body]);
    const entry = Buffer.alloc(20);
    entry.writeUInt32LE(symlink ? (0o120777 << 16) >>> 0 : 0, 6 + 0);
    entry.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, entry.subarray(0, 14), nameBytes]),
    );
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, central, end]);
};

/** Runs a compressor of the system; undefined where it is not installed. */
export const compressed = (program: 'xz' | 'bzip2' | 'zstd', bytes: Buffer): Buffer | undefined => {
  try {
    return execFileSync(program, ['-c', '-q'], { input: bytes, maxBuffer: 2 ** 30 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      console.warn(`SKIPPED: ${program} is not installed; its form is not tested`);
      return undefined;
    }
    throw error;
  }
};

/** Reads bytes as if they came on standard input. */
export const readBytes = (bytes: Buffer, limits: Partial<Limits> = {}): Promise<Bundle> =>
  readBundle('-', { stdin: stream(bytes), limits });

async function* stream(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

export const readTree = async (files: Readonly<Record<string, string | Buffer>>): Promise<Bundle> =>
  readBytes(await tar(tree(files)));

/** `node/namespace kind file` of every capture, sorted. */
export const captureList = (bundle: Bundle): readonly string[] =>
  bundle.nodes
    .flatMap((node) =>
      node.namespaces.flatMap((ns) =>
        ns.captures.map(
          (c) =>
            `${node.name}${ns.name === '' ? '' : `/${ns.name}`} ${c.kind} ${c.file}${(c.firstLine ?? 1) > 1 ? `:${c.firstLine}` : ''}`,
        ),
      ),
    )
    .sort();

export const noteCodes = (bundle: Bundle): readonly string[] => bundle.notes.map((note) => note.code).sort();
