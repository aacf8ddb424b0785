import type { Chunks } from './byte-reader.ts';

/** What a container holds, in its order. The content can be read once, before the next member is asked for. */
export interface RawMember {
  /** The name as it stands in the container. */
  readonly name: string;
  readonly type: 'file' | 'symlink' | 'hardlink' | 'encrypted' | 'other';
  /** Where a link leads. */
  readonly target?: string;
  /** Seconds since the epoch. */
  readonly mtime?: number;
  /** Bytes that it takes in a container that packs each member alone. */
  readonly packed?: number;
  readonly content: Chunks;
}

export const nothing: Chunks = {
  async *[Symbol.asyncIterator]() {},
};
