import { type ConntrackColumns, PRINTED, SHAPE } from '../tables/conntrack-columns.ts';

const NEWLINE = 10;
const BLANK = 32;
const DOT = 46;
const ZERO = 48;
/** What is laid out behind the text: no ASCII character. */
const END = 0xff;

const NOTHING = -1;
const LARGEST = 0xffff_ffff;
const LARGEST_PORT = 0xffff;

/** States by a sum of their letters: a word is compared with one other at most. */
const STATES = 64;

/**
 * Reads TCP and UDP entries of IPv4 as `conntrack -L` prints nearly all of them, without counters and with nothing rare, straight into the columns; every other
 * line is left to the grammar, which would read these the same way (test/captures/conntrack-usual.test.ts). Of a table of a million entries that halves the time.
 */
export class UsualEntries {
  readonly #table: ConntrackColumns;
  /** What is known of the family where the line does not tell it. */
  readonly #family: 4 | 6 | null;
  /** The slice's char codes: numbers are compared, nothing is cut out. */
  #codes: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #text = '';
  /** Where the part of the line that was read last ends. */
  #at = 0;
  readonly #stateCodes: Uint8Array[] = Array.from({ length: STATES }, () => new Uint8Array(0));
  readonly #stateIds = new Uint32Array(STATES);

  constructor(table: ConntrackColumns, family: 4 | 6 | null) {
    this.#table = table;
    this.#family = family;
  }

  /** Takes the slice that is read next; false where it is not ASCII alone: then no line of it is read here. */
  open(text: string): boolean {
    if (this.#codes.length <= text.length) this.#codes = Buffer.alloc(text.length + (text.length >> 1) + 64);
    const written = this.#codes.write(text, 'utf8');
    this.#codes[written] = END;
    this.#text = text;
    return written === text.length;
  }

  /** Reads the line that begins at `from` and gives the next one's beginning; -1 where it is no usual entry: then nothing was stored. */
  read(from: number, line: number): number {
    const c = this.#codes;
    const told = isIpv4(c, from);
    let at = told ? from + 11 : from;
    const protocol = isTcp(c, at) ? 6 : isUdp(c, at) ? 17 : 0;
    if (protocol === 0) return NOTHING;
    const timeout = this.#number(c, protocol === 6 ? at + 11 : at + 12);
    if (timeout < 0 || c[this.#at] !== BLANK) return NOTHING;
    at = this.#at + 1;
    const state = isSrc(c, at) ? 0 : this.#state(c, at);
    if (state > 0) at = this.#at;
    if (state < 0 || !isSrc(c, at)) return NOTHING;
    const originalSrc = this.#address(c, at + 4);
    if (originalSrc < 0 || !isDst(c, this.#at)) return NOTHING;
    const originalDst = this.#address(c, this.#at + 5);
    if (originalDst < 0 || !isSport(c, this.#at)) return NOTHING;
    const sport = this.#number(c, this.#at + 7);
    if (sport < 0 || sport > LARGEST_PORT || !isDport(c, this.#at)) return NOTHING;
    const dport = this.#number(c, this.#at + 7);
    if (dport < 0 || dport > LARGEST_PORT) return NOTHING;
    const unreplied = !isReply(c, this.#at);
    if (unreplied && !isUnreplied(c, this.#at)) return NOTHING;
    const replySrc = this.#address(c, this.#at + (unreplied ? 17 : 5));
    if (replySrc < 0 || !isDst(c, this.#at)) return NOTHING;
    const replyDst = this.#address(c, this.#at + 5);
    if (replyDst < 0 || !isSport(c, this.#at)) return NOTHING;
    const replySport = this.#number(c, this.#at + 7);
    if (replySport < 0 || replySport > LARGEST_PORT || !isDport(c, this.#at)) return NOTHING;
    const replyDport = this.#number(c, this.#at + 7);
    if (replyDport < 0 || replyDport > LARGEST_PORT) return NOTHING;
    const assured = isAssured(c, this.#at);
    if (assured) this.#at += 10;
    const mark = isMark(c, this.#at) ? this.#number(c, this.#at + 6) : null;
    const zone = isZone(c, this.#at) ? this.#number(c, this.#at + 6) : null;
    const use = isUse(c, this.#at) ? this.#number(c, this.#at + 5) : null;
    if (mark === NOTHING || zone === NOTHING || use === NOTHING) return NOTHING;
    const padded = c[this.#at] === BLANK;
    at = padded ? this.#at + 1 : this.#at;
    if (c[at] !== NEWLINE) return NOTHING;
    this.#table.append(
      line,
      told ? 4 : this.#family,
      protocol,
      timeout,
      state,
      originalSrc,
      originalDst,
      SHAPE.ports,
      sport * 0x1_0000 + dport,
      unreplied,
      replySrc,
      replyDst,
      SHAPE.ports,
      replySport * 0x1_0000 + replyDport,
      assured,
      mark,
      null,
      zone,
      use,
      null,
      padded ? PRINTED.no : told ? PRINTED.withLayer3 : PRINTED.plain,
    );
    return at + 1;
  }

  /** A number of 32 bits without leading zeros. */
  #number(c: Uint8Array, from: number): number {
    let at = from;
    let value = 0;
    for (let digit = digitAt(c, at); digit >= 0 && digit <= 9; digit = digitAt(c, at)) {
      value = value * 10 + digit;
      at += 1;
    }
    this.#at = at;
    if (at === from || at - from > 10 || value > LARGEST) return NOTHING;
    return c[from] === ZERO && at - from > 1 ? NOTHING : value;
  }

  /** A dotted quad without leading zeros. */
  #address(c: Uint8Array, from: number): number {
    let at = from;
    let address = 0;
    for (let part = 0; ; part += 1) {
      let octet = digitAt(c, at);
      if (octet < 0 || octet > 9) return NOTHING;
      at += 1;
      if (octet > 0)
        for (let digit = digitAt(c, at); digit >= 0 && digit <= 9; digit = digitAt(c, at)) {
          octet = octet * 10 + digit;
          if (octet > 255) return NOTHING;
          at += 1;
        }
      address = (address << 8) | octet;
      if (part === 3) break;
      if (c[at] !== DOT) return NOTHING;
      at += 1;
    }
    this.#at = at;
    return address >>> 0;
  }

  /** The table's id of the state's word; what follows it is behind its blank. */
  #state(c: Uint8Array, from: number): number {
    let at = from;
    let sum = 0;
    for (let code = c[at] as number; isStateLetter(code); code = c[at] as number) {
      sum = (sum * 5 + code) | 0;
      at += 1;
    }
    if (at === from || c[at] !== BLANK) return NOTHING;
    this.#at = at + 1;
    const slot = sum & (STATES - 1);
    const known = this.#stateCodes[slot] as Uint8Array;
    if (known.length === at - from) {
      let same = 0;
      while (same < known.length && known[same] === c[from + same]) same += 1;
      if (same === known.length) return this.#stateIds[slot] as number;
    }
    this.#stateCodes[slot] = Uint8Array.from(c.subarray(from, at));
    const id = this.#table.wordId(this.#text.slice(from, at));
    this.#stateIds[slot] = id;
    return id;
  }
}

const digitAt = (c: Uint8Array, at: number): number => (c[at] as number) - ZERO;

/** [A-Z_0-9], as the grammar has it. */
const isStateLetter = (code: number): boolean =>
  (code >= 65 && code <= 90) || code === 95 || (code >= 48 && code <= 57);

// The words of a line, letter by letter: a loop over each of them takes a quarter longer for the whole.

/** `ipv4     2 ` */
const isIpv4 = (c: Uint8Array, at: number): boolean =>
  c[at] === 105 &&
  c[at + 1] === 112 &&
  c[at + 2] === 118 &&
  c[at + 3] === 52 &&
  c[at + 4] === 32 &&
  c[at + 5] === 32 &&
  c[at + 6] === 32 &&
  c[at + 7] === 32 &&
  c[at + 8] === 32 &&
  c[at + 9] === 50 &&
  c[at + 10] === 32;
/** `tcp      6 ` */
const isTcp = (c: Uint8Array, at: number): boolean =>
  c[at] === 116 &&
  c[at + 1] === 99 &&
  c[at + 2] === 112 &&
  c[at + 3] === 32 &&
  c[at + 4] === 32 &&
  c[at + 5] === 32 &&
  c[at + 6] === 32 &&
  c[at + 7] === 32 &&
  c[at + 8] === 32 &&
  c[at + 9] === 54 &&
  c[at + 10] === 32;
/** `udp      17 ` */
const isUdp = (c: Uint8Array, at: number): boolean =>
  c[at] === 117 &&
  c[at + 1] === 100 &&
  c[at + 2] === 112 &&
  c[at + 3] === 32 &&
  c[at + 4] === 32 &&
  c[at + 5] === 32 &&
  c[at + 6] === 32 &&
  c[at + 7] === 32 &&
  c[at + 8] === 32 &&
  c[at + 9] === 49 &&
  c[at + 10] === 55 &&
  c[at + 11] === 32;
/** `src=` */
const isSrc = (c: Uint8Array, at: number): boolean =>
  c[at] === 115 && c[at + 1] === 114 && c[at + 2] === 99 && c[at + 3] === 61;
/** ` dst=` */
const isDst = (c: Uint8Array, at: number): boolean =>
  c[at] === 32 && c[at + 1] === 100 && c[at + 2] === 115 && c[at + 3] === 116 && c[at + 4] === 61;
/** ` sport=` */
const isSport = (c: Uint8Array, at: number): boolean =>
  c[at] === 32 &&
  c[at + 1] === 115 &&
  c[at + 2] === 112 &&
  c[at + 3] === 111 &&
  c[at + 4] === 114 &&
  c[at + 5] === 116 &&
  c[at + 6] === 61;
/** ` dport=` */
const isDport = (c: Uint8Array, at: number): boolean =>
  c[at] === 32 &&
  c[at + 1] === 100 &&
  c[at + 2] === 112 &&
  c[at + 3] === 111 &&
  c[at + 4] === 114 &&
  c[at + 5] === 116 &&
  c[at + 6] === 61;
/** ` [UNREPLIED] src=` */
const isUnreplied = (c: Uint8Array, at: number): boolean =>
  c[at] === 32 &&
  c[at + 1] === 91 &&
  c[at + 2] === 85 &&
  c[at + 3] === 78 &&
  c[at + 4] === 82 &&
  c[at + 5] === 69 &&
  c[at + 6] === 80 &&
  c[at + 7] === 76 &&
  c[at + 8] === 73 &&
  c[at + 9] === 69 &&
  c[at + 10] === 68 &&
  c[at + 11] === 93 &&
  c[at + 12] === 32 &&
  c[at + 13] === 115 &&
  c[at + 14] === 114 &&
  c[at + 15] === 99 &&
  c[at + 16] === 61;
/** ` src=` */
const isReply = (c: Uint8Array, at: number): boolean =>
  c[at] === 32 && c[at + 1] === 115 && c[at + 2] === 114 && c[at + 3] === 99 && c[at + 4] === 61;
/** ` [ASSURED]` */
const isAssured = (c: Uint8Array, at: number): boolean =>
  c[at] === 32 &&
  c[at + 1] === 91 &&
  c[at + 2] === 65 &&
  c[at + 3] === 83 &&
  c[at + 4] === 83 &&
  c[at + 5] === 85 &&
  c[at + 6] === 82 &&
  c[at + 7] === 69 &&
  c[at + 8] === 68 &&
  c[at + 9] === 93;
/** ` mark=` */
const isMark = (c: Uint8Array, at: number): boolean =>
  c[at] === 32 && c[at + 1] === 109 && c[at + 2] === 97 && c[at + 3] === 114 && c[at + 4] === 107 && c[at + 5] === 61;
/** ` zone=` */
const isZone = (c: Uint8Array, at: number): boolean =>
  c[at] === 32 && c[at + 1] === 122 && c[at + 2] === 111 && c[at + 3] === 110 && c[at + 4] === 101 && c[at + 5] === 61;
/** ` use=` */
const isUse = (c: Uint8Array, at: number): boolean =>
  c[at] === 32 && c[at + 1] === 117 && c[at + 2] === 115 && c[at + 3] === 101 && c[at + 4] === 61;
