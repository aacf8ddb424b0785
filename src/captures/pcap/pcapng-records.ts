import type { CaptureRecord, RecordParser } from './capture-record.ts';

const SECTION = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
const INTERFACE = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

/** A block that is read has at most these bytes: a packet of 256 KiB and its options. */
const MOST = 512 * 1024;
const INTERFACES = 65_536;
const NAME = 255;
const COMMENT = 200;

const DIRECTION = 3;
/** Bits 2 to 4 of epb_flags: how the device received it. */
const RECEIVED = ['in', 'in', 'multicast', 'broadcast', 'other'] as const;

interface Interface {
  readonly linkType: number;
  readonly snap: number;
  readonly name: string;
  /** Units per second. */
  readonly units: bigint;
  /** Seconds that are added to every time. */
  readonly offset: bigint;
}

export const isPcapng = (head: Buffer): boolean => head.length >= 4 && head.readUInt32BE(0) === SECTION;

/** pcapng (draft-ietf-opsawg-pcapng): sections of either byte order, several interfaces, each with its own link layer and clock. */
export class PcapngRecords implements RecordParser {
  skip = 0;
  readonly #record: CaptureRecord;
  readonly #onRecord: () => void;
  #little = true;
  #started = false;
  #interfaces: Interface[] = [];

  constructor(record: CaptureRecord, onRecord: () => void) {
    this.#record = record;
    this.#onRecord = onRecord;
  }

  take(bytes: Buffer, from: number): number {
    let at = from;
    this.#record.bytes = bytes;
    while (bytes.length - at >= 12) {
      const isSection = bytes.readUInt32BE(at) === SECTION;
      if (isSection && !this.#section(bytes, at)) return -1;
      if (!this.#started) return -1;
      const length = this.#u32(bytes, at + 4);
      if (length < 12 || length % 4 !== 0) return -1;
      const type = this.#u32(bytes, at);
      if (isSection || !isRead(type)) {
        // Names, statistics, keys of TLS: nobody wants them, however long they are.
        const left = at + length - bytes.length;
        if (left > 0) {
          this.skip = left;
          return bytes.length;
        }
      } else {
        if (length > MOST) return -1;
        if (bytes.length - at < length) break;
        if (this.#u32(bytes, at + length - 4) !== length) return -1;
        if (!this.#block(type, bytes, at + 8, at + length - 4)) return -1;
      }
      at += length;
    }
    return at;
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  #u16(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  #section(bytes: Buffer, at: number): boolean {
    this.#little = bytes.readUInt32LE(at + 8) === BYTE_ORDER;
    if (!this.#little && bytes.readUInt32BE(at + 8) !== BYTE_ORDER) return false;
    this.#interfaces = [];
    this.#started = true;
    return true;
  }

  /** False where the block cannot be what it says. */
  #block(type: number, bytes: Buffer, at: number, end: number): boolean {
    if (type === INTERFACE) return this.#interface(bytes, at, end);
    return type === SIMPLE_PACKET ? this.#simple(bytes, at, end) : this.#enhanced(bytes, at, end, type === OLD_PACKET);
  }

  #interface(bytes: Buffer, at: number, end: number): boolean {
    if (end - at < 8 || this.#interfaces.length >= INTERFACES) return false;
    let name = '';
    let units = 1_000_000n;
    let offset = 0n;
    this.#options(bytes, at + 8, end, (code, from, length) => {
      if (code === 2) name = bytes.toString('utf8', from, from + Math.min(length, NAME)).replace(/\0.*$/s, '');
      if (code === 9 && length >= 1) units = resolution(bytes[from] as number);
      if (code === 14 && length >= 8) offset = this.#little ? bytes.readBigInt64LE(from) : bytes.readBigInt64BE(from);
    });
    const linkType = this.#u16(bytes, at);
    this.#interfaces.push({ linkType, snap: this.#u32(bytes, at + 4), name, units, offset });
    return true;
  }

  #enhanced(bytes: Buffer, at: number, end: number, old: boolean): boolean {
    if (end - at < 20) return false;
    const device = this.#interfaces[old ? this.#u16(bytes, at) : this.#u32(bytes, at)];
    const captured = this.#u32(bytes, at + 12);
    const from = at + 20;
    if (!device || captured > end - from) return false;
    const record = this.#record;
    this.#time(device, this.#u32(bytes, at + 4), this.#u32(bytes, at + 8));
    record.direction = '';
    record.comment = '';
    const options = from + captured + ((4 - (captured & 3)) & 3);
    if (options < end)
      this.#options(bytes, options, end, (code, value, length) => {
        if (code === 2 && length >= 4) this.#flags(this.#u32(bytes, value));
        if (code === 1) record.comment = bytes.toString('utf8', value, value + Math.min(length, COMMENT));
      });
    this.#packet(device, from, captured, this.#u32(bytes, at + 16));
    return true;
  }

  #simple(bytes: Buffer, at: number, end: number): boolean {
    const [device] = this.#interfaces;
    if (!device || end - at < 4) return false;
    const wire = this.#u32(bytes, at);
    const record = this.#record;
    record.seconds = Number.NaN;
    record.nanoseconds = 0;
    record.direction = '';
    record.comment = '';
    const captured = Math.min(wire, end - at - 4, device.snap === 0 ? wire : device.snap);
    this.#packet(device, at + 4, captured, wire);
    return true;
  }

  #packet(device: Interface, from: number, captured: number, wire: number): void {
    const record = this.#record;
    record.linkType = device.linkType;
    record.device = device.name;
    record.from = from;
    record.to = from + captured;
    record.wire = Math.max(captured, wire);
    record.number += 1;
    this.#onRecord();
  }

  #time({ units, offset }: Interface, high: number, low: number): void {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    this.#record.seconds = Number(ticks / units + offset);
    this.#record.nanoseconds = Number(((ticks % units) * 1_000_000_000n) / units);
  }

  #flags(flags: number): void {
    const direction = flags & DIRECTION;
    this.#record.direction = direction === 2 ? 'out' : direction === 1 ? (RECEIVED[(flags >>> 2) & 7] ?? 'in') : '';
  }

  /** Options end with their block, however long one says that it is. */
  #options(
    bytes: Buffer,
    begin: number,
    end: number,
    take: (code: number, from: number, length: number) => void,
  ): void {
    for (let at = begin; at + 4 <= end; ) {
      const code = this.#u16(bytes, at);
      const length = this.#u16(bytes, at + 2);
      if (code === 0 || at + 4 + length > end) return;
      take(code, at + 4, length);
      at += 4 + length + ((4 - (length & 3)) & 3);
    }
  }
}

const isRead = (type: number): boolean =>
  type === INTERFACE || type === OLD_PACKET || type === SIMPLE_PACKET || type === ENHANCED_PACKET;

/** if_tsresol: a power of ten, or of two where the top bit is set. */
const resolution = (value: number): bigint => {
  const power = BigInt(value & 0x7f);
  return (value & 0x80) === 0 ? 10n ** (power > 30n ? 30n : power) : 2n ** power;
};
