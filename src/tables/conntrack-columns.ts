import type { ConntrackEntry, ConntrackTable, Tuple } from '../records/conntrack.ts';
import { canonicalAddress, ipv4ToNumber, numberToIpv4 } from './address.ts';
import { BucketIndex } from './bucket-index.ts';
import { Column } from './column.ts';
import { Interner } from './interner.ts';

/** What stands behind the addresses of a tuple: nothing, ports, ICMP type, code and id, the same without a readable id, GRE keys. */
export const SHAPE = { none: 0, ports: 1, icmp: 2, icmpWithoutId: 3, gre: 4 } as const;
/** Where a packed part is not one: a number is larger than its field. */
export const BAD_PORTS = -1;
const SHAPE_UNIT = 0x1_0000_0000;

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
/** Three bits each. */
const SHAPE_ORIGINAL = 20;
const SHAPE_REPLY = 23;

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

const FIRST_ROWS = 256;

/**
 * A conntrack dump in columns, 45 bytes a row for the fields that every entry has: an IPv4 address is a number, every other word is interned.
 * Entries are made when asked for; the index over addresses is made at the first question.
 */
export class ConntrackColumns implements ConntrackTable {
  readonly file: string;
  #count = 0;
  #capacity = 0;
  readonly #texts = new Interner();
  #extras = 0;
  #index: BucketIndex | undefined;

  // What every entry has: plain arrays that grow together by doubling.
  #line = new Uint32Array(0);
  #flags = new Uint32Array(0);
  #protocol = new Uint8Array(0);
  #state = new Uint32Array(0);
  #timeout = new Uint32Array(0);
  #originalSrc = new Uint32Array(0);
  #originalDst = new Uint32Array(0);
  #originalPorts = new Uint32Array(0);
  #replySrc = new Uint32Array(0);
  #replyDst = new Uint32Array(0);
  #replyPorts = new Uint32Array(0);
  #use = new Uint32Array(0);

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
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Adds an entry. Words may be spans of a slice; addresses are those of `addressOf`, ports are packed. The long list of scalars is what makes a million
   * lines cheap: no object is made for a row.
   */
  append(
    line: number,
    family: 4 | 6 | null,
    protocol: number,
    timeout: number | null,
    state: string | null,
    originalSrc: number,
    originalDst: number,
    originalPorts: number,
    unreplied: boolean,
    replySrc: number,
    replyDst: number,
    replyPorts: number,
    assured: boolean,
    mark: number | null,
    secctx: string | null,
    zone: number | null,
    use: number | null,
    rare: RareFields | null,
  ): void {
    const row = this.#count;
    if (row >= this.#capacity) this.#grow();
    let flags = (unreplied ? UNREPLIED : 0) | (assured ? ASSURED : 0);
    if (originalSrc >= 0 && originalDst >= 0 && replySrc >= 0 && replyDst >= 0) {
      this.#originalSrc[row] = originalSrc;
      this.#originalDst[row] = originalDst;
      this.#replySrc[row] = replySrc;
      this.#replyDst[row] = replyDst;
      if (family === 6) flags |= IPV6;
    } else {
      const source = this.#textId(originalSrc);
      this.#originalSrc[row] = source;
      this.#originalDst[row] = this.#textId(originalDst);
      this.#replySrc[row] = this.#textId(replySrc);
      this.#replyDst[row] = this.#textId(replyDst);
      flags |= family === 6 || (family === null && this.#texts.text(source).includes(':')) ? TEXT | IPV6 : TEXT;
    }
    this.#line[row] = line;
    this.#protocol[row] = protocol;
    this.#originalPorts[row] = originalPorts % SHAPE_UNIT;
    this.#replyPorts[row] = replyPorts % SHAPE_UNIT;
    flags |= (originalPorts / SHAPE_UNIT) << SHAPE_ORIGINAL;
    flags |= (replyPorts / SHAPE_UNIT) << SHAPE_REPLY;
    this.#state[row] = state === null ? 0 : this.#texts.id(state);
    if (timeout !== null) {
      this.#timeout[row] = timeout;
      flags |= TIMEOUT;
    }
    if (mark !== null) flags |= stored(this.#mark, row, mark, MARK);
    if (zone !== null) flags |= stored(this.#zone, row, zone, ZONE);
    if (use !== null) {
      this.#use[row] = use;
      flags |= USE;
    }
    if (secctx !== null) this.#secctx.set(row, this.#texts.id(secctx));
    if (rare !== null) flags |= this.#appendRare(row, rare);
    this.#flags[row] = flags;
    this.#count = row + 1;
    this.#index = undefined;
  }

  /** An address as `append` takes it: the number of an IPv4 address, a negative one for any other text. */
  addressOf(text: string): number {
    return ipv4ToNumber(text) ?? -1 - this.#texts.id(canonicalAddress(text) ?? text);
  }

  entry(row: number): ConntrackEntry {
    const flags = this.#flags[row] ?? 0;
    const has = (bit: number, column: Column) => (flags & bit ? column.get(row) : undefined);
    const protocol = this.#protocol[row] ?? 0;
    return {
      source: { file: this.file, line: this.#line[row] ?? 0 },
      proto: PROTOCOLS.get(protocol) ?? String(protocol),
      family: flags & IPV6 ? 6 : 4,
      timeout: flags & TIMEOUT ? this.#timeout[row] : undefined,
      state: this.#word(this.#state[row] ?? 0),
      original: this.#tuple(row, this.#originalSrc, this.#originalDst, this.#originalPorts, flags >> SHAPE_ORIGINAL),
      reply: this.#tuple(row, this.#replySrc, this.#replyDst, this.#replyPorts, flags >> SHAPE_REPLY),
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
      use: flags & USE ? this.#use[row] : undefined,
      id: has(ID, this.#id),
      extra: this.#word(this.#extra.get(row)),
    };
  }

  rowsWithAddress(address: string): readonly number[] {
    const canonical = canonicalAddress(address) ?? address;
    const v4 = ipv4ToNumber(canonical);
    const key = v4 ?? this.#texts.find(canonical);
    if (key === undefined) return [];
    const columns = [this.#originalSrc, this.#originalDst, this.#replySrc, this.#replyDst];
    this.#index ??= new BucketIndex(this.#count, columns);
    const text = v4 === undefined ? TEXT : 0;
    const rows: number[] = [];
    for (const row of this.#index.candidates(key))
      if (((this.#flags[row] ?? 0) & TEXT) === text && columns.some((column) => column[row] === key)) rows.push(row);
    return rows;
  }

  rowsInState(state: string): readonly number[] {
    const id = this.#texts.find(state);
    return id === undefined ? [] : this.#rowsWhere((row) => (this.#state[row] ?? 0) === id);
  }

  unrepliedRows(): readonly number[] {
    return this.#rowsWhere((row) => ((this.#flags[row] ?? 0) & UNREPLIED) !== 0);
  }

  #rowsWhere(test: (row: number) => boolean): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.#count; row += 1) if (test(row)) rows.push(row);
    return rows;
  }

  #appendRare(row: number, rare: RareFields): number {
    if (rare.secctx !== null) this.#secctx.set(row, this.#texts.id(rare.secctx));
    if (rare.event !== null) this.#event.set(row, this.#texts.id(rare.event));
    if (rare.helper !== null) this.#helper.set(row, this.#texts.id(rare.helper));
    if (rare.extra !== null) this.#appendExtra(row, rare.extra);
    if (rare.use !== null) this.#use[row] = rare.use;
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
    const rows = Math.max(FIRST_ROWS, this.#capacity * 2);
    this.#capacity = rows;
    this.#line = grown(this.#line, rows);
    this.#flags = grown(this.#flags, rows);
    this.#state = grown(this.#state, rows);
    this.#timeout = grown(this.#timeout, rows);
    this.#originalSrc = grown(this.#originalSrc, rows);
    this.#originalDst = grown(this.#originalDst, rows);
    this.#originalPorts = grown(this.#originalPorts, rows);
    this.#replySrc = grown(this.#replySrc, rows);
    this.#replyDst = grown(this.#replyDst, rows);
    this.#replyPorts = grown(this.#replyPorts, rows);
    this.#use = grown(this.#use, rows);
    const protocol = new Uint8Array(rows);
    protocol.set(this.#protocol);
    this.#protocol = protocol;
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

  #tuple(row: number, src: Uint32Array, dst: Uint32Array, ports: Uint32Array, shapeBits: number): Tuple {
    const text = ((this.#flags[row] ?? 0) & TEXT) !== 0;
    const address = (value: number) => (text ? this.#texts.text(value) : numberToIpv4(value));
    const shape = shapeBits & 7;
    const first = (ports[row] ?? 0) >>> 16;
    const second = (ports[row] ?? 0) & 65535;
    const icmp = shape === SHAPE.icmp || shape === SHAPE.icmpWithoutId;
    return {
      src: address(src[row] ?? 0),
      dst: address(dst[row] ?? 0),
      sport: shape === SHAPE.ports ? first : undefined,
      dport: shape === SHAPE.ports ? second : undefined,
      icmpType: icmp ? first >>> 8 : undefined,
      icmpCode: icmp ? first & 255 : undefined,
      icmpId: shape === SHAPE.icmp ? second : undefined,
      ...(shape === SHAPE.gre ? { srcKey: first, dstKey: second } : {}),
    };
  }
}

const grown = (column: Uint32Array<ArrayBuffer>, rows: number): Uint32Array<ArrayBuffer> => {
  const larger = new Uint32Array(rows);
  larger.set(column);
  return larger;
};

/** Stores a field that was printed and returns its flag; 0 where it was not. */
const stored = (column: Column, row: number, value: number | null, flag: number): number => {
  if (value === null) return 0;
  column.set(row, value);
  return flag;
};
