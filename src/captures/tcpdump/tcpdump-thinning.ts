const FIRST_OF_CONVERSATION = 16;
const CONVERSATIONS = 1 << 18;
const FLAGS = ': Flags [';

const DOT = 46;
const COLON = 58;
const DASH = 45;
const BRACKET = 93;
const P = 80;

/** A slice without the lines that need no rule, and the line numbers of those that are left, with that of the line after the slice. */
export interface ThinnedSlice {
  readonly text: string;
  readonly lines: readonly number[];
  readonly dropped: number;
}

/**
 * Takes plain TCP data and acknowledgements (`Flags [.]`, `Flags [P.]`) out of slices before the grammar sees them: in a large capture they
 * are most of it, and beyond the first 16 of a conversation at a device none gets a row. What a conversation is, the text between
 * time and flags tells: device, direction, addresses, ports.
 */
export class DataThinning {
  readonly #seen = new Uint8Array(CONVERSATIONS);

  /** `full` where no row is left: then no conversation gets its first 16. */
  thin(slice: string, firstLine: number, full: boolean): ThinnedSlice {
    const parts: string[] = [];
    const lines: number[] = [];
    let keptFrom = 0;
    let line = firstLine;
    let dropped = 0;
    let flags = slice.indexOf(FLAGS);
    for (let at = 0; at < slice.length; line += 1) {
      const newline = slice.indexOf('\n', at);
      const end = newline < 0 ? slice.length : newline + 1;
      while (flags >= 0 && flags < at) flags = slice.indexOf(FLAGS, at);
      const from = flags >= 0 && flags < end && newline >= 0 ? afterStamp(slice, at) : -1;
      if (
        from > 0 &&
        from < flags &&
        isPlainData(slice, flags + FLAGS.length) &&
        (full || this.#isKnown(slice, from, flags))
      ) {
        if (at > keptFrom) parts.push(slice.slice(keptFrom, at));
        keptFrom = end;
        dropped += 1;
      } else lines.push(line);
      at = end;
    }
    lines.push(line);
    if (dropped === 0) return { text: slice, lines, dropped };
    if (keptFrom < slice.length) parts.push(slice.slice(keptFrom));
    return { text: parts.join(''), lines, dropped };
  }

  /** Whether the conversation has its rows already. */
  #isKnown(slice: string, from: number, flags: number): boolean {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let i = from; i < flags; i += 1) hash = Math.imul(hash ^ slice.charCodeAt(i), 0x01000193);
    const slot = hash & (CONVERSATIONS - 1);
    const seen = this.#seen[slot] as number;
    if (seen >= FIRST_OF_CONVERSATION) return true;
    this.#seen[slot] = seen + 1;
    return false;
  }
}

/** Within `.]` or `P.]`. */
const isPlainData = (slice: string, at: number): boolean => {
  const first = slice.charCodeAt(at);
  if (first === DOT) return slice.charCodeAt(at + 1) === BRACKET;
  return first === P && slice.charCodeAt(at + 1) === DOT && slice.charCodeAt(at + 2) === BRACKET;
};

/** Where a line's packet begins behind `HH:MM:SS.f `, `YYYY-MM-DD HH:MM:SS.f ` or `SECONDS.f `; -1 where it begins otherwise. */
const afterStamp = (slice: string, at: number): number => {
  const digit = slice.charCodeAt(at) - 48;
  if (digit < 0 || digit > 9) return -1;
  if (slice.charCodeAt(at + 2) === COLON) return slice.indexOf(' ', at + 8) + 1;
  if (slice.charCodeAt(at + 4) === DASH) return slice.indexOf(' ', at + 19) + 1;
  return slice.charCodeAt(at + 10) === DOT ? slice.indexOf(' ', at + 11) + 1 : -1;
};
