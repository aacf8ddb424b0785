import { type ConntrackColumns, PRINTED, USUAL } from '../../tables/conntrack-columns.ts';

const NEWLINE = 10;
const BLANK = 32;
const DOT = 46;
/** What is laid out behind the text: no ASCII character. */
const END = 0xff;
/** As many of them as a comparison may look beyond the last line's end. */
const AHEAD = 32;

const NOTHING = -1;
const LARGEST = 0xffff_ffff;
const LARGEST_PORT = 0xffff;
const TENS = [1, 10, 100, 1000];

/** States by a hash of their first letters: a word is compared with one other at most. The factor is that of Knuth's multiplicative hash. */
const STATES = 256;
const STATE_SHIFT = 24;
const MIX = 0x9e37_79b1 | 0;

/** Four letters as the number that they are in memory: words are compared four letters at a time, the last four again where a word has no multiple of four. */
const four = (letters: string): number => Buffer.from(letters, 'latin1').readInt32LE(0);

/** What takes four digits to their values, and the highest bit of each. */
const ZEROS = four('0000');
const HIGHEST_BITS = 0x8080_8080 | 0;

const PADDING = four('    ');
const IPV4 = four('ipv4');
const IPV4_END = four('  2 ');
const TCP = four('tcp ');
const TCP_END = four('  6 ');
const UDP = four('udp ');
const UDP_END = four(' 17 ');
const SRC = four('src=');
const DST = four('dst=');
const SPORT = four(' spo');
const DPORT = four(' dpo');
const PORT_END = four('ort=');
const UNREPLIED = four(' [UN');
const UNREPLIED_MIDDLE = four('REPL');
const UNREPLIED_END = four('IED]');
const ASSURED = four(' [AS');
const ASSURED_MIDDLE = four('SURE');
const ASSURED_END = four('RED]');
const MARK = four(' mar');
const MARK_END = four('ark=');
const ZONE = four(' zon');
const ZONE_END = four('one=');
const USE = four('use=');

/**
 * Reads TCP and UDP entries of IPv4 as `conntrack -L` prints nearly all of them, without counters and with nothing rare, straight into the columns; every other
 * line is left to the grammar, which would read these the same way (test/captures/conntrack-usual.test.ts). Of a table of a million entries that saves most of the
 * time: nothing is cut out, words are compared and digits added up four at a time.
 */
export class UsualEntries {
  readonly #table: ConntrackColumns;
  /** What is known of the family where the line does not tell it. */
  readonly #family: 4 | 6 | null;
  /** Room of its own, for what does not lie in memory with some bytes behind it. */
  #own: Buffer = Buffer.alloc(0);
  /** What is read: the bytes from #base on. */
  #codes: Buffer = this.#own;
  #base = 0;
  #view = new DataView(this.#own.buffer);
  /** The line's numbers, by their places in USUAL. */
  readonly #values = new Uint32Array(USUAL.values);
  readonly #states: (KnownState | undefined)[] = Array.from({ length: STATES }, () => undefined);
  /** The state that was read last. */
  #stateId = 0;
  /** How many entries the last call of `read` took. */
  taken = 0;

  constructor(table: ConntrackColumns, family: 4 | 6 | null) {
    this.#table = table;
    this.#family = family;
  }

  /** Takes the text that is read next; false where it is not ASCII alone: then no line of it is read here. */
  open(text: string): boolean {
    const room = this.#room(text.length);
    const written = room.write(text, 'utf8');
    if (written !== text.length) return false;
    room.fill(END, written, written + AHEAD);
    return true;
  }

  /** The same of lines in bytes, whatever they are; the last one has its end. */
  openBytes(lines: Buffer): void {
    const { buffer, byteOffset, length } = lines;
    if (byteOffset + length + AHEAD > buffer.byteLength) {
      const room = this.#room(length);
      room.set(lines);
      room.fill(END, length, length + AHEAD);
      return;
    }
    this.#base = byteOffset;
    if (this.#codes.buffer !== buffer) this.#over(buffer);
  }

  #room(length: number): Buffer {
    if (this.#own.length < length + AHEAD) this.#own = Buffer.from(new ArrayBuffer(length + (length >> 1) + AHEAD));
    if (this.#codes.buffer !== this.#own.buffer) this.#over(this.#own.buffer);
    this.#base = 0;
    return this.#own;
  }

  #over(buffer: ArrayBufferLike): void {
    this.#codes = Buffer.from(buffer);
    this.#view = new DataView(buffer);
  }

  /** Reads the lines from `from` on that are usual entries, up to `end`, and gives where the first other one begins. */
  read(from: number, end: number, line: number): number {
    const base = this.#base;
    let at = from + base;
    let taken = 0;
    while (at < end + base) {
      const next = this.#entry(at, line + taken);
      if (next < 0) break;
      at = next;
      taken += 1;
    }
    this.taken = taken;
    return at - base;
  }

  /** Reads the line that begins at `from` and gives the next one's beginning; -1 where it is no usual entry: then nothing was stored. */
  #entry(from: number, line: number): number {
    const c = this.#codes;
    const v = this.#view;
    const told =
      v.getInt32(from, true) === IPV4 &&
      v.getInt32(from + 4, true) === PADDING &&
      v.getInt32(from + 7, true) === IPV4_END;
    let at = told ? from + 11 : from;
    let protocol = 6;
    if (v.getInt32(at + 4, true) !== PADDING) return NOTHING;
    if (v.getInt32(at, true) === TCP && v.getInt32(at + 7, true) === TCP_END) at += 11;
    else if (v.getInt32(at, true) === UDP && v.getInt32(at + 8, true) === UDP_END) {
      protocol = 17;
      at += 12;
    } else return NOTHING;
    at = this.#number(v, at, USUAL.timeout);
    if (at < 0 || c[at] !== BLANK) return NOTHING;
    at += 1;
    let state = 0;
    if (v.getInt32(at, true) !== SRC) {
      at = this.#state(c, v, at);
      if (at < 0) return NOTHING;
      state = this.#stateId;
    }
    at = this.#tuple(c, v, at, USUAL.original);
    if (at < 0) return NOTHING;
    const unreplied = v.getInt32(at, true) === UNREPLIED;
    if (unreplied) {
      if (v.getInt32(at + 4, true) !== UNREPLIED_MIDDLE || v.getInt32(at + 8, true) !== UNREPLIED_END) return NOTHING;
      at += 12;
    }
    if (c[at] !== BLANK) return NOTHING;
    at = this.#tuple(c, v, at + 1, USUAL.reply);
    if (at < 0) return NOTHING;
    const assured =
      v.getInt32(at, true) === ASSURED &&
      v.getInt32(at + 4, true) === ASSURED_MIDDLE &&
      v.getInt32(at + 6, true) === ASSURED_END;
    if (assured) at += 10;
    const mark = v.getInt32(at, true) === MARK && v.getInt32(at + 2, true) === MARK_END;
    if (mark) at = this.#number(v, at + 6, USUAL.mark);
    if (at < 0) return NOTHING;
    const zone = v.getInt32(at, true) === ZONE && v.getInt32(at + 2, true) === ZONE_END;
    if (zone) at = this.#number(v, at + 6, USUAL.zone);
    if (at < 0) return NOTHING;
    const use = c[at] === BLANK && v.getInt32(at + 1, true) === USE;
    if (use) at = this.#number(v, at + 5, USUAL.use);
    if (at < 0) return NOTHING;
    const padded = c[at] === BLANK;
    if (padded) at += 1;
    if (c[at] !== NEWLINE) return NOTHING;
    const printed = padded ? PRINTED.no : told ? PRINTED.withLayer3 : PRINTED.plain;
    this.#table.appendUsual(
      line,
      told ? 4 : this.#family,
      protocol,
      state,
      unreplied,
      assured,
      mark,
      zone,
      use,
      printed,
      this.#values,
    );
    return at + 1;
  }

  /** `src=… dst=… sport=… dport=…`: four values from `slot` on. */
  #tuple(c: Uint8Array, v: DataView, from: number, slot: number): number {
    if (v.getInt32(from, true) !== SRC) return NOTHING;
    let at = this.#address(c, v, from + 4, slot);
    if (at < 0 || c[at] !== BLANK || v.getInt32(at + 1, true) !== DST) return NOTHING;
    at = this.#address(c, v, at + 5, slot + 1);
    if (at < 0 || v.getInt32(at, true) !== SPORT || v.getInt32(at + 3, true) !== PORT_END) return NOTHING;
    at = this.#number(v, at + 7, slot + 2);
    if (at < 0 || v.getInt32(at, true) !== DPORT || v.getInt32(at + 3, true) !== PORT_END) return NOTHING;
    at = this.#number(v, at + 7, slot + 3);
    const values = this.#values;
    return (values[slot + 2] as number) > LARGEST_PORT || (values[slot + 3] as number) > LARGEST_PORT ? NOTHING : at;
  }

  /** A number of 32 bits without leading zeros; what follows it. */
  #number(v: DataView, from: number, slot: number): number {
    const first = v.getInt32(from, true) ^ ZEROS;
    const high = digitsIn(first);
    if (high === 0 || ((first & 0xff) === 0 && high > 1)) return NOTHING;
    if (high < 4) {
      this.#values[slot] = numberOf(first, high);
      return from + high;
    }
    const second = v.getInt32(from + 4, true) ^ ZEROS;
    const low = digitsIn(second);
    if (low === 4) return this.#longNumber(from, slot);
    this.#values[slot] =
      low === 0 ? numberOf(first, 4) : Math.imul(numberOf(first, 4), TENS[low] as number) + numberOf(second, low);
    return from + 4 + low;
  }

  #longNumber(from: number, slot: number): number {
    const c = this.#codes;
    let end = from;
    while (isDigit(c[end] as number)) end += 1;
    const value = Number(c.toString('latin1', from, end));
    if (value > LARGEST) return NOTHING;
    this.#values[slot] = value;
    return end;
  }

  /** A dotted quad without leading zeros; what follows it. */
  #address(c: Uint8Array, v: DataView, from: number, slot: number): number {
    let at = from;
    let address = 0;
    for (let part = 0; ; part += 1) {
      const word = v.getInt32(at, true) ^ ZEROS;
      const digits = digitsIn(word);
      if (digits === 0 || digits === 4 || ((word & 0xff) === 0 && digits > 1)) return NOTHING;
      const octet = numberOf(word, digits);
      if (octet > 255) return NOTHING;
      address = (address << 8) | octet;
      at += digits;
      if (part === 3) break;
      if (c[at] !== DOT) return NOTHING;
      at += 1;
    }
    this.#values[slot] = address;
    return at;
  }

  /** The state's word; its id in the table is kept. What follows it is behind its blank. */
  #state(c: Buffer, v: DataView, from: number): number {
    const slot = Math.imul(v.getInt32(from, true) ^ Math.imul(v.getInt32(from + 4, true), MIX), MIX) >>> STATE_SHIFT;
    const known = this.#states[slot];
    if (known?.standsAt(v, from)) {
      this.#stateId = known.id;
      return from + known.length;
    }
    let at = from;
    while (isStateLetter(c[at] as number)) at += 1;
    if (at === from || c[at] !== BLANK) return NOTHING;
    this.#stateId = this.#table.wordId(c.toString('latin1', from, at));
    if (at + 1 - from >= 4) this.#states[slot] = new KnownState(c.subarray(from, at + 1), this.#stateId);
    return at + 1;
  }
}

/** A state's word and its blank, four letters at a time. */
class KnownState {
  readonly length: number;
  readonly id: number;
  readonly #words: Int32Array;

  constructor(letters: Buffer, id: number) {
    const { length } = letters;
    this.length = length;
    this.id = id;
    this.#words = Int32Array.from({ length: (length + 3) >> 2 }, (_, i) =>
      letters.readInt32LE(Math.min(4 * i, length - 4)),
    );
  }

  standsAt(v: DataView, from: number): boolean {
    const words = this.#words;
    const last = words.length - 1;
    for (let i = 0; i < last; i += 1) if (v.getInt32(from + 4 * i, true) !== words[i]) return false;
    return v.getInt32(from + this.length - 4, true) === words[last];
  }
}

/** How many digits four letters (less ZEROS) begin with: a digit is no larger than 9, so that this sum reaches no letter's highest bit. */
const digitsIn = (letters: number): number => {
  const others = ((letters + 0x7676_7676) | letters) & HIGHEST_BITS;
  return others === 0 ? 4 : (31 - Math.clz32(others & -others)) >> 3;
};

/** The number that the first one to four letters (less ZEROS) are: put behind zeros, then two pairs of digits at once, then both pairs. */
const numberOf = (letters: number, digits: number): number => {
  const four = letters << (32 - 8 * digits);
  const pairs = (Math.imul(four, 10) + (four >>> 8)) & 0x00ff_00ff;
  return (Math.imul(pairs, 100) + (pairs >>> 16)) & 0xffff;
};

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** [A-Z_0-9], as the grammar has it. */
const isStateLetter = (code: number): boolean => (code >= 65 && code <= 90) || code === 95 || isDigit(code);
