/** Rows that one block of a table holds, but its first, which grows up to that many. */
export const BLOCK_BITS = 16;
export const BLOCK_ROWS = 1 << BLOCK_BITS;
const FIRST_ROWS = 256;

/** What every conntrack entry has, for a run of rows: 45 bytes each. Blocks are never copied into larger ones, so growing costs neither time nor twice the memory. */
export class ConntrackRows {
  readonly capacity: number;
  readonly line: Uint32Array;
  readonly flags: Uint32Array;
  readonly protocol: Uint8Array;
  readonly state: Uint32Array;
  readonly timeout: Uint32Array;
  readonly originalSrc: Uint32Array;
  readonly originalDst: Uint32Array;
  readonly originalPorts: Uint32Array;
  readonly replySrc: Uint32Array;
  readonly replyDst: Uint32Array;
  readonly replyPorts: Uint32Array;
  readonly use: Uint32Array;

  constructor(capacity = FIRST_ROWS, from?: ConntrackRows) {
    const column = (old: Uint32Array | undefined): Uint32Array => {
      const cells = new Uint32Array(capacity);
      if (old) cells.set(old);
      return cells;
    };
    this.capacity = capacity;
    this.line = column(from?.line);
    this.flags = column(from?.flags);
    this.state = column(from?.state);
    this.timeout = column(from?.timeout);
    this.originalSrc = column(from?.originalSrc);
    this.originalDst = column(from?.originalDst);
    this.originalPorts = column(from?.originalPorts);
    this.replySrc = column(from?.replySrc);
    this.replyDst = column(from?.replyDst);
    this.replyPorts = column(from?.replyPorts);
    this.use = column(from?.use);
    this.protocol = new Uint8Array(capacity);
    if (from) this.protocol.set(from.protocol);
  }

  /** The four columns of addresses. */
  get addresses(): readonly Uint32Array[] {
    return [this.originalSrc, this.originalDst, this.replySrc, this.replyDst];
  }
}
