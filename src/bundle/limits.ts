const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** How much a bundle may unfold to. What goes beyond is said: as a note where the rest can still be read, as an error where not. */
export interface Limits {
  /** Bytes that come out of all archives together. */
  readonly totalBytes: number;
  /** Bytes of one member. */
  readonly memberBytes: number;
  readonly members: number;
  /** Bytes out for one byte in, once `ratioFrom` bytes are out. deflate reaches 1032, text of a real capture 100. */
  readonly ratio: number;
  readonly ratioFrom: number;
  /** Archives in archives. */
  readonly nesting: number;
  /** Bytes kept in memory: standard input, and a zip inside another archive (its directory stands at its end). */
  readonly keptBytes: number;
  /** Bytes that are looked through for names before reading: tells the common folder and the layout. */
  readonly indexBytes: number;
  /** Characters of one line; the rest of a longer line is dropped. */
  readonly lineLength: number;
  /** Characters of a member's path. */
  readonly pathLength: number;
  readonly linkHops: number;
}

export const LIMITS: Limits = {
  totalBytes: 64 * GiB,
  memberBytes: 16 * GiB,
  members: 2_000_000,
  ratio: 400,
  ratioFrom: 256 * MiB,
  nesting: 6,
  keptBytes: 2 * GiB,
  indexBytes: 16 * MiB,
  lineLength: 64 * MiB,
  pathLength: 4096,
  linkHops: 8,
};
