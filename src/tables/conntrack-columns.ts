import type { ConntrackEntry, ConntrackTable, Tuple } from '../records/conntrack.ts';
import { canonicalAddress, ipv4ToNumber, numberToIpv4 } from './address.ts';
import { BucketIndex } from './bucket-index.ts';
import { Column } from './column.ts';
import { BLOCK_BITS, BLOCK_ROWS, ConntrackRows } from './conntrack-rows.ts';
import { Interner } from './interner.ts';

/** What stands behind the addresses of a tuple: nothing, ports, ICMP type, code and id, the same without a readable id, GRE keys. */
export const SHAPE = { none: 0, ports: 1, icmp: 2, icmpWithoutId: 3, gre: 4 } as const;
/** Where a packed part is not one: a number is larger than its field. */
export const BAD_PORTS = -1;
export const SHAPE_UNIT = 0x1_0000_0000;

/** Layer 4 part of a tuple as one number: `shape * 2^32 + first * 2^16 + second`; BAD_PORTS where a number has more than 16 bits. */
export const packPorts = (shape: number, first: number, second: number): number =>
  first > 0xffff || second > 0xffff ? BAD_PORTS : shape * SHAPE_UNIT + first * 0x1_0000 + second;

/** Bits of a row's flags: what was printed, so that a printed 0 is not taken for an absent field. */
const UNREPLIED = 1 << 0;
const ASSURED = 1 << 1;
const OFFLOAD = 1 << 2;
const HW_OFFLOAD = 1 << 3;
/** The addresses are ids of interned text, not IPv4 numbers. */
const TEXT = 1 << 4;
const IPV6 = 1 << 5;
const TIMEOUT = 1 << 6;
const MARK = 1 << 7;
const ZONE = 1 << 8;
const ZONE_ORIGINAL = 1 << 9;
const ZONE_REPLY = 1 << 10;
const PACKETS_ORIGINAL = 1 << 11;
const PACKETS_REPLY = 1 << 12;
const BYTES_ORIGINAL = 1 << 13;
const BYTES_REPLY = 1 << 14;
const USE = 1 << 15;
const ID = 1 << 16;
const DELTA_TIME = 1 << 17;
const TIME = 1 << 18;
/** The line's text is what the tool prints for the entry, to the letter. */
const AS_PRINTED = 1 << 19;
/** Three bits each. */
const SHAPE_ORIGINAL = 20;
const SHAPE_REPLY = 23;
/** It begins with the layer 3 protocol. */
const WITH_LAYER3 = 1 << 26;

/** Whether a line's text is exactly what `printConntrackEntry` makes of its entry. */
export const PRINTED = { no: 0, plain: AS_PRINTED, withLayer3: AS_PRINTED | WITH_LAYER3 } as const;

/** Places of an entry's numbers where `appendUsual` gets them; a tuple has four: source, destination and their ports. */
export const USUAL = { original: 0, reply: 4, timeout: 8, mark: 9, zone: 10, use: 11, values: 12 } as const;

/** Protocol names by number; conntrack and the kernel print `unknown` for the others. */
export const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [47, 'gre'],
  [58, 'icmpv6'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

/** Distinct texts of fields that no analysis reads: beyond this many they are forgotten, or a counter among them would fill the memory. */
const KEPT_EXTRAS = 65_536;

/** Fields of one entry that few lines print. */
export interface RareFields {
  event: string | null;
  time: number | null;
  /** Seen behind fields that it stands before in most captures; the row's own argument counts first. */
  assured: boolean;
  mark: number | null;
  zone: number | null;
  use: number | null;
  secctx: string | null;
  offload: boolean;
  hardwareOffload: boolean;
  zoneOriginal: number | null;
  zoneReply: number | null;
  originalPackets: number | null;
  originalBytes: number | null;
  replyPackets: number | null;
  replyBytes: number | null;
  helper: string | null;
  deltaTime: number | null;
  id: number | null;
  extra: string | null;
}

/** Addresses that are looked for row by row: a look through a million rows takes two milliseconds, the index as much as 64 of them. */
const SCANS = 64;
const FULL_MASK = -1;

/**
 * A conntrack dump in columns, 45 bytes a row for the fields that every entry has: an IPv4 address is a number, every other word is interned.
 * Entries are made when asked for; the index over addresses is made once many were asked for. All rows are there before the first question.
 */
export class ConntrackColumns implements ConntrackTable {
  readonly file: string;
  #count = 0;
  readonly #texts = new Interner();
  #extras = 0;
  #index: BucketIndex | undefined;
  readonly #byAddress = new Map<number, readonly number[]>();
  readonly #blocks: ConntrackRows[] = [];
  /** The block that the next row goes to, and how many rows it holds. */
  #last = new ConntrackRows();
  #filled = 0;

  // What is mostly absent or 0 takes room where it is neither.
  readonly #mark = new Column(Uint32Array);
  readonly #zone = new Column(Uint16Array);
  readonly #secctx = new Column(Uint32Array);
  readonly #event = new Column(Uint32Array);
  readonly #time = new Column(Float64Array);
  readonly #zoneOriginal = new Column(Uint16Array);
  readonly #zoneReply = new Column(Uint16Array);
  readonly #originalPackets = new Column(Float64Array);
  readonly #originalBytes = new Column(Float64Array);
  readonly #replyPackets = new Column(Float64Array);
  readonly #replyBytes = new Column(Float64Array);
  readonly #helper = new Column(Uint32Array);
  readonly #deltaTime = new Column(Float64Array);
  readonly #id = new Column(Uint32Array);
  readonly #extra = new Column(Uint32Array);

  constructor(file: string) {
    this.file = file;
    this.#texts.id('');
    this.#blocks.push(this.#last);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Adds an entry. Words may be spans of a slice; the state is its `wordId`, 0 where there is none; addresses are those of `addressOf`; the layer 4 part of a
   * tuple is `first * 2^16 + second` and its shape. The long list of scalars is what makes a million lines cheap: no object is made for a row.
   */
  append(
    line: number,
    family: 4 | 6 | null,
    protocol: number,
    timeout: number | null,
    state: number,
    originalSrc: number,
    originalDst: number,
    originalShape: number,
    originalPorts: number,
    unreplied: boolean,
    replySrc: number,
    replyDst: number,
    replyShape: number,
    replyPorts: number,
    assured: boolean,
    mark: number | null,
    secctx: string | null,
    zone: number | null,
    use: number | null,
    rare: RareFields | null,
    printed: number,
  ): void {
    const row = this.#count;
    if (this.#filled >= this.#last.capacity) this.#grow();
    const rows = this.#last;
    const at = this.#filled;
    let flags = (unreplied ? UNREPLIED : 0) | (assured ? ASSURED : 0) | printed;
    if (originalSrc >= 0 && originalDst >= 0 && replySrc >= 0 && replyDst >= 0) {
      rows.originalSrc[at] = originalSrc;
      rows.originalDst[at] = originalDst;
      rows.replySrc[at] = replySrc;
      rows.replyDst[at] = replyDst;
      if (family === 6) flags |= IPV6;
    } else {
      const source = this.#textId(originalSrc);
      rows.originalSrc[at] = source;
      rows.originalDst[at] = this.#textId(originalDst);
      rows.replySrc[at] = this.#textId(replySrc);
      rows.replyDst[at] = this.#textId(replyDst);
      flags |= family === 6 || (family === null && this.#texts.text(source).includes(':')) ? TEXT | IPV6 : TEXT;
    }
    rows.line[at] = line;
    rows.protocol[at] = protocol;
    rows.originalPorts[at] = originalPorts;
    rows.replyPorts[at] = replyPorts;
    flags |= (originalShape << SHAPE_ORIGINAL) | (replyShape << SHAPE_REPLY);
    rows.state[at] = state;
    if (timeout !== null) {
      rows.timeout[at] = timeout;
      flags |= TIMEOUT;
    }
    if (mark !== null) flags |= stored(this.#mark, row, mark, MARK);
    if (zone !== null) flags |= stored(this.#zone, row, zone, ZONE);
    if (use !== null) {
      rows.use[at] = use;
      flags |= USE;
    }
    if (secctx !== null) this.#secctx.set(row, this.#texts.id(secctx));
    if (rare !== null) flags |= this.#appendRare(row, rare);
    rows.flags[at] = flags;
    this.#count = row + 1;
    this.#filled = at + 1;
  }

  /** Adds an entry of IPv4 with ports, its numbers as they stand in USUAL: what `append` would make of it, without a call's worth of numbers. */
  appendUsual(
    line: number,
    family: 4 | 6 | null,
    protocol: number,
    state: number,
    unreplied: boolean,
    assured: boolean,
    mark: boolean,
    zone: boolean,
    use: boolean,
    printed: number,
    values: Uint32Array,
  ): void {
    const row = this.#count;
    if (this.#filled >= this.#last.capacity) this.#grow();
    const rows = this.#last;
    const at = this.#filled;
    rows.line[at] = line;
    rows.protocol[at] = protocol;
    rows.state[at] = state;
    rows.originalSrc[at] = values[0] as number;
    rows.originalDst[at] = values[1] as number;
    rows.originalPorts[at] = ((values[2] as number) << 16) | (values[3] as number);
    rows.replySrc[at] = values[4] as number;
    rows.replyDst[at] = values[5] as number;
    rows.replyPorts[at] = ((values[6] as number) << 16) | (values[7] as number);
    rows.timeout[at] = values[USUAL.timeout] as number;
    if (use) rows.use[at] = values[USUAL.use] as number;
    if (mark) this.#mark.set(row, values[USUAL.mark] as number);
    if (zone) this.#zone.set(row, values[USUAL.zone] as number);
    rows.flags[at] =
      TIMEOUT |
      (SHAPE.ports << SHAPE_ORIGINAL) |
      (SHAPE.ports << SHAPE_REPLY) |
      (family === 6 ? IPV6 : 0) |
      (unreplied ? UNREPLIED : 0) |
      (assured ? ASSURED : 0) |
      (mark ? MARK : 0) |
      (zone ? ZONE : 0) |
      (use ? USE : 0) |
      printed;
    this.#count = row + 1;
    this.#filled = at + 1;
  }

  /** An address as `append` takes it: the number of an IPv4 address, a negative one for any other text. */
  addressOf(text: string): number {
    return ipv4ToNumber(text) ?? -1 - this.#texts.id(canonicalAddress(text) ?? text);
  }

  /** A word as `append` takes it. */
  wordId(text: string): number {
    return this.#texts.id(text);
  }

  entry(row: number): ConntrackEntry {
    const rows = this.#block(row);
    const at = row & (BLOCK_ROWS - 1);
    const flags = rows.flags[at] ?? 0;
    const has = (bit: number, column: Column) => (flags & bit ? column.get(row) : undefined);
    const protocol = rows.protocol[at] ?? 0;
    return {
      source: { file: this.file, line: rows.line[at] ?? 0 },
      proto: PROTOCOLS.get(protocol) ?? String(protocol),
      family: flags & IPV6 ? 6 : 4,
      timeout: flags & TIMEOUT ? rows.timeout[at] : undefined,
      state: this.#word(rows.state[at] ?? 0),
      original: this.#tuple(
        flags,
        rows.originalSrc[at],
        rows.originalDst[at],
        rows.originalPorts[at],
        flags >> SHAPE_ORIGINAL,
      ),
      reply: this.#tuple(flags, rows.replySrc[at], rows.replyDst[at], rows.replyPorts[at], flags >> SHAPE_REPLY),
      unreplied: (flags & UNREPLIED) !== 0,
      assured: (flags & ASSURED) !== 0,
      offload: (flags & (OFFLOAD | HW_OFFLOAD)) !== 0,
      mark: has(MARK, this.#mark),
      zone: has(ZONE, this.#zone),
      originalPackets: has(PACKETS_ORIGINAL, this.#originalPackets),
      replyPackets: has(PACKETS_REPLY, this.#replyPackets),
      event: this.#word(this.#event.get(row)),
      time: has(TIME, this.#time),
      originalBytes: has(BYTES_ORIGINAL, this.#originalBytes),
      replyBytes: has(BYTES_REPLY, this.#replyBytes),
      zoneOriginal: has(ZONE_ORIGINAL, this.#zoneOriginal),
      zoneReply: has(ZONE_REPLY, this.#zoneReply),
      hardwareOffload: (flags & HW_OFFLOAD) !== 0,
      secctx: this.#word(this.#secctx.get(row)),
      helper: this.#word(this.#helper.get(row)),
      deltaTime: has(DELTA_TIME, this.#deltaTime),
      use: flags & USE ? rows.use[at] : undefined,
      id: has(ID, this.#id),
      extra: this.#word(this.#extra.get(row)),
    };
  }

  rowsWithAddress(address: string): readonly number[] {
    const canonical = canonicalAddress(address) ?? address;
    const v4 = ipv4ToNumber(canonical);
    const key = v4 ?? this.#texts.find(canonical);
    if (key === undefined) return [];
    const text = v4 === undefined ? TEXT : 0;
    const asked = text === 0 ? key : -1 - key;
    let rows = this.#byAddress.get(asked);
    if (!rows) {
      rows = this.#byAddress.size < SCANS ? this.#scanned(key, text) : this.#indexed(key, text);
      this.#byAddress.set(asked, rows);
    }
    return rows;
  }

  rowsInState(state: string, most = Number.POSITIVE_INFINITY): readonly number[] {
    const id = this.#texts.find(state);
    return id === undefined ? [] : this.#rowsWhere('state', FULL_MASK, id, most);
  }

  unrepliedRows(most = Number.POSITIVE_INFINITY): readonly number[] {
    return this.#rowsWhere('flags', UNREPLIED, UNREPLIED, most);
  }

  sourceTranslatedRows(most: number): readonly number[] {
    const found: number[] = [];
    for (const [i, { originalSrc, replyDst }] of this.#blocks.entries()) {
      const rows = this.#rowsIn(i);
      for (let at = 0; at < rows && found.length < most; at += 1)
        if (originalSrc[at] !== replyDst[at]) found.push(i * BLOCK_ROWS + at);
    }
    return found;
  }

  printedAt(line: number): { readonly entry: ConntrackEntry; readonly layer3: boolean } | undefined {
    // Lines come in their order.
    let from = 0;
    for (let to = this.#count; from < to; ) {
      const middle = (from + to) >>> 1;
      if (this.#lineOf(middle) < line) from = middle + 1;
      else to = middle;
    }
    if (from >= this.#count || this.#lineOf(from) !== line) return undefined;
    const flags = this.#block(from).flags[from & (BLOCK_ROWS - 1)] as number;
    return (flags & AS_PRINTED) === 0 ? undefined : { entry: this.entry(from), layer3: (flags & WITH_LAYER3) !== 0 };
  }

  #lineOf(row: number): number {
    return this.#block(row).line[row & (BLOCK_ROWS - 1)] as number;
  }

  rowsTranslatedTo(rows: readonly number[], ports: ReadonlySet<number>): readonly number[] {
    return rows.filter((row) => {
      const block = this.#block(row);
      const at = row & (BLOCK_ROWS - 1);
      const shape = ((block.flags[at] as number) >> SHAPE_REPLY) & 7;
      return shape > SHAPE.ports || ports.has(block.replyPorts[at] as number);
    });
  }

  #block(row: number): ConntrackRows {
    return this.#blocks[row >>> BLOCK_BITS] as ConntrackRows;
  }

  #rowsIn(block: number): number {
    return Math.min(BLOCK_ROWS, this.#count - block * BLOCK_ROWS);
  }

  #scanned(key: number, text: number): number[] {
    const found: number[] = [];
    for (const [i, block] of this.#blocks.entries())
      for (const at of rowsHolding(key, block.addresses, this.#rowsIn(i)))
        if (((block.flags[at] as number) & TEXT) === text) found.push(i * BLOCK_ROWS + at);
    return found;
  }

  #indexed(key: number, text: number): number[] {
    this.#index ??= new BucketIndex(
      this.#blocks.map((block, i) => ({ columns: block.addresses, rows: this.#rowsIn(i) })),
    );
    const found: number[] = [];
    for (const row of this.#index.candidates(key)) {
      const block = this.#block(row);
      const at = row & (BLOCK_ROWS - 1);
      if (((block.flags[at] as number) & TEXT) === text && block.addresses.some((column) => column[at] === key))
        found.push(row);
    }
    return found;
  }

  #rowsWhere(name: 'state' | 'flags', mask: number, wanted: number, most: number): number[] {
    const found: number[] = [];
    for (const [i, block] of this.#blocks.entries()) {
      const column = block[name];
      const rows = this.#rowsIn(i);
      for (let at = 0; at < rows && found.length < most; at += 1)
        if (((column[at] as number) & mask) >>> 0 === wanted) found.push(i * BLOCK_ROWS + at);
    }
    return found;
  }

  #appendRare(row: number, rare: RareFields): number {
    if (rare.secctx !== null) this.#secctx.set(row, this.#texts.id(rare.secctx));
    if (rare.event !== null) this.#event.set(row, this.#texts.id(rare.event));
    if (rare.helper !== null) this.#helper.set(row, this.#texts.id(rare.helper));
    if (rare.extra !== null) this.#appendExtra(row, rare.extra);
    if (rare.use !== null) this.#last.use[row & (BLOCK_ROWS - 1)] = rare.use;
    return (
      (rare.assured ? ASSURED : 0) |
      (rare.offload ? OFFLOAD : 0) |
      (rare.hardwareOffload ? HW_OFFLOAD : 0) |
      (rare.use === null ? 0 : USE) |
      stored(this.#mark, row, rare.mark, MARK) |
      stored(this.#zone, row, rare.zone, ZONE) |
      stored(this.#zoneOriginal, row, rare.zoneOriginal, ZONE_ORIGINAL) |
      stored(this.#zoneReply, row, rare.zoneReply, ZONE_REPLY) |
      stored(this.#originalPackets, row, rare.originalPackets, PACKETS_ORIGINAL) |
      stored(this.#originalBytes, row, rare.originalBytes, BYTES_ORIGINAL) |
      stored(this.#replyPackets, row, rare.replyPackets, PACKETS_REPLY) |
      stored(this.#replyBytes, row, rare.replyBytes, BYTES_REPLY) |
      stored(this.#id, row, rare.id, ID) |
      stored(this.#deltaTime, row, rare.deltaTime, DELTA_TIME) |
      stored(this.#time, row, rare.time, TIME)
    );
  }

  #grow(): void {
    const { capacity } = this.#last;
    if (capacity < BLOCK_ROWS) {
      this.#last = new ConntrackRows(Math.min(4 * capacity, BLOCK_ROWS), this.#last);
      this.#blocks[this.#blocks.length - 1] = this.#last;
    } else {
      this.#last = new ConntrackRows(BLOCK_ROWS);
      this.#blocks.push(this.#last);
      this.#filled = 0;
    }
  }

  #textId(address: number): number {
    return address < 0 ? -1 - address : this.#texts.id(numberToIpv4(address));
  }

  #appendExtra(row: number, text: string): void {
    if (this.#extras >= KEPT_EXTRAS) return;
    const known = this.#texts.find(text);
    if (known === undefined) this.#extras += 1;
    this.#extra.set(row, known ?? this.#texts.id(text));
  }

  #word(id: number): string | undefined {
    return id === 0 ? undefined : this.#texts.text(id);
  }

  #tuple(flags: number, src: number | undefined, dst: number | undefined, ports = 0, shapeBits: number): Tuple {
    const text = (flags & TEXT) !== 0;
    const address = (value = 0) => (text ? this.#texts.text(value) : numberToIpv4(value));
    const shape = shapeBits & 7;
    const first = ports >>> 16;
    const second = ports & 65535;
    const icmp = shape === SHAPE.icmp || shape === SHAPE.icmpWithoutId;
    const tuple = {
      src: address(src),
      dst: address(dst),
      sport: shape === SHAPE.ports ? first : undefined,
      dport: shape === SHAPE.ports ? second : undefined,
      icmpType: icmp ? first >>> 8 : undefined,
      icmpCode: icmp ? first & 255 : undefined,
      icmpId: shape === SHAPE.icmp ? second : undefined,
    };
    return shape === SHAPE.gre ? { ...tuple, srcKey: first, dstKey: second } : tuple;
  }
}

/** More finds than this, and every row is looked at. */
const FINDS = 4096;

/** The rows, among a block's first so many, in which one of these columns holds the number: in their order, each once. */
const rowsHolding = (value: number, columns: readonly Uint32Array[], rows: number): readonly number[] => {
  // Typed arrays search themselves several times as fast as a loop over their cells: most addresses are in few rows.
  const found: number[] = [];
  for (const column of columns) {
    for (let at = column.indexOf(value); at >= 0 && at < rows; at = column.indexOf(value, at + 1)) {
      found.push(at);
      if (found.length > FINDS) return everyRowHolding(value, columns, rows);
    }
  }
  return [...new Set(found)].sort((a, b) => a - b);
};

const everyRowHolding = (value: number, columns: readonly Uint32Array[], rows: number): readonly number[] => {
  const found: number[] = [];
  for (let at = 0; at < rows; at += 1) if (columns.some((column) => column[at] === value)) found.push(at);
  return found;
};

/** Stores a field that was printed and returns its flag; 0 where it was not. */
const stored = (column: Column, row: number, value: number | null, flag: number): number => {
  if (value === null) return 0;
  column.set(row, value);
  return flag;
};
