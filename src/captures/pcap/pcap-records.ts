import type { CaptureRecord, RecordParser } from './capture-record.ts';

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Above libpcap's MAXIMUM_SNAPLEN (pcap-int.h) of 256 KiB no program captures: a longer record is damage (sf-pcap.c). */
const MOST = 256 * 1024;

/** The magic of the file as its writer's byte order shows it (draft-ietf-opsawg-pcap, 4). */
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
/** A patched libpcap of the nineties: record headers of 24 bytes (sf-pcap.c KUZNETZOV_TCPDUMP_MAGIC). */
const PATCHED = 0xa1b2cd34;

const MAGICS: ReadonlySet<number> = new Set([MICROSECONDS, NANOSECONDS, PATCHED]);

export const isPcap = (head: Buffer): boolean =>
  head.length >= 4 && (MAGICS.has(head.readUInt32LE(0)) || MAGICS.has(head.readUInt32BE(0)));

/** libpcap's file format, in either byte order, with microseconds or nanoseconds. */
export class PcapRecords implements RecordParser {
  skip = 0;
  readonly #record: CaptureRecord;
  readonly #onRecord: () => void;
  #started = false;
  #little = true;
  #scale = 1000;
  #header = RECORD_HEADER;

  constructor(record: CaptureRecord, onRecord: () => void) {
    this.#record = record;
    this.#onRecord = onRecord;
  }

  take(bytes: Buffer, from: number): number {
    let at = from;
    if (!this.#started) {
      if (bytes.length - at < FILE_HEADER) return at;
      this.#begin(bytes, at);
      at += FILE_HEADER;
    }
    const record = this.#record;
    const little = this.#little;
    const header = this.#header;
    record.bytes = bytes;
    while (bytes.length - at >= header) {
      const captured = little ? bytes.readUInt32LE(at + 8) : bytes.readUInt32BE(at + 8);
      if (captured > MOST) return -1;
      const end = at + header + captured;
      if (end > bytes.length) break;
      record.seconds = little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
      const fraction = (little ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4)) * this.#scale;
      if (fraction >= 1e9) return -1;
      record.nanoseconds = fraction;
      record.wire = Math.max(captured, little ? bytes.readUInt32LE(at + 12) : bytes.readUInt32BE(at + 12));
      record.from = at + header;
      record.to = end;
      record.number += 1;
      this.#onRecord();
      at = end;
    }
    return at;
  }

  #begin(bytes: Buffer, at: number): void {
    this.#started = true;
    this.#little = MAGICS.has(bytes.readUInt32LE(at));
    const read = (from: number): number => (this.#little ? bytes.readUInt32LE(from) : bytes.readUInt32BE(from));
    const magic = read(at);
    if (magic === NANOSECONDS) this.#scale = 1;
    if (magic === PATCHED) this.#header = RECORD_HEADER + 8;
    // The upper bits tell of a frame check sequence.
    this.#record.linkType = read(at + 20) & 0xffff;
  }
}
