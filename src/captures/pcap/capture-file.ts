import { type CaptureDamage, CaptureRecord, type RecordParser } from './capture-record.ts';
import { isPcap, PcapRecords } from './pcap-records.ts';
import { isPcapng, PcapngRecords } from './pcapng-records.ts';

export const isCaptureFile = (head: Buffer): boolean => isPcap(head) || isPcapng(head);

/** Cuts a capture file that comes in pieces of any size into its packets. What a piece leaves over waits for the next; a record has at most half a MiB. */
export class CaptureFile {
  readonly record = new CaptureRecord();
  damage: CaptureDamage | undefined;
  readonly #onRecord: () => void;
  #parser: RecordParser | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #skip = 0;

  constructor(onRecord: () => void) {
    this.#onRecord = onRecord;
  }

  push(piece: Buffer): void {
    if (this.damage) return;
    const skipped = Math.min(this.#skip, piece.length);
    this.#skip -= skipped;
    const fresh = piece.subarray(skipped);
    const bytes = this.#rest.length === 0 ? fresh : Buffer.concat([this.#rest, fresh]);
    this.#parser ??= this.#parserOf(bytes);
    const taken = this.#parser ? this.#parser.take(bytes, 0) : bytes.length < 4 ? 0 : -1;
    if (taken < 0) {
      this.damage = 'corrupt';
      this.#rest = Buffer.alloc(0);
      return;
    }
    if (this.#parser) {
      this.#skip += this.#parser.skip;
      this.#parser.skip = 0;
    }
    // A copy: the piece itself is the decompressor's and large.
    this.#rest = taken === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(taken));
  }

  end(): void {
    if (this.#rest.length > 0 || this.#skip > 0 || this.#parser === undefined) this.damage ??= 'truncated';
  }

  #parserOf(bytes: Buffer): RecordParser | undefined {
    if (isPcap(bytes)) return new PcapRecords(this.record, this.#onRecord);
    return isPcapng(bytes) ? new PcapngRecords(this.record, this.#onRecord) : undefined;
  }
}
