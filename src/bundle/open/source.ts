import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { BundleError } from '../error.ts';
import type { Chunks } from './byte-reader.ts';

/** Something that can be opened as often as wanted. */
export type Source =
  | { readonly kind: 'folder'; readonly name: string; readonly path: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string; readonly bytes: number }
  /** Standard input, kept as it came. */
  | { readonly kind: 'kept'; readonly name: string; readonly chunks: readonly Buffer[]; readonly bytes: number };

/** Name of standard input as a bundle. */
export const STDIN = '-';

/** A path, or `-` for standard input. */
export const openSource = async (path: string, stdin: Chunks, keptBytes: number): Promise<Source> => {
  if (path === STDIN) return keep(stdin, keptBytes);
  try {
    const found = await stat(path);
    const name = basename(path.replace(/\/+$/, '')) || path;
    if (found.isDirectory()) return { kind: 'folder', name, path };
    if (found.isFile()) return { kind: 'file', name, path, bytes: found.size };
    // A pipe can be read once only.
    return { ...(await keep(createReadStream(path), keptBytes)), name };
  } catch (error) {
    throw pathError(path, error);
  }
};

export const pathError = (path: string, error: unknown): unknown => {
  if (!(error instanceof Error && 'code' in error)) return error;
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return new BundleError('not-found', path);
  return new BundleError('not-readable', path, String(error.code));
};

const keep = async (stream: Chunks, limit: number): Promise<Extract<Source, { kind: 'kept' }>> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > limit)
      throw new BundleError('too-large', STDIN, `more than ${limit} bytes on standard input; give a file`);
    chunks.push(Buffer.from(chunk));
  }
  return { kind: 'kept', name: 'stdin', chunks, bytes };
};
