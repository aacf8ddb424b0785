import type { UnreadLine } from '../../records/capture.ts';
import { PacketColumns } from '../../tables/packet-columns.ts';
import type { BinaryModule, BinaryRead, BinaryReader, RecordPrinter } from '../binary-module.ts';
import { quotableAlone } from '../masking/masked-lines.ts';
import type { CaptureInput } from '../module.ts';
import { CaptureFile, isCaptureFile } from './capture-file.ts';
import { PacketDecoder } from './decoder.ts';
import { isCooked, isReadLinkType } from './link.ts';
import { printPacket } from './print-packet.ts';

const KEPT_UNREAD = 20;

/** Reads packets into the same columns as tcpdump's text. */
class PcapReader implements BinaryReader {
  readonly #input: CaptureInput;
  readonly #file = new CaptureFile(() => this.#packet());
  readonly #decoder = new PacketDecoder();
  readonly #packets: PacketColumns;
  readonly #unreadLines: UnreadLine[] = [];
  #unread = 0;
  /** Every packet so far came with a cooked header: the capture is one of all devices. */
  #cooked = true;

  constructor(input: CaptureInput) {
    this.#input = input;
    this.#packets = new PacketColumns(input.file, input.device);
    this.#packets.clock = 'epoch';
    this.#packets.binary = true;
  }

  push(bytes: Buffer): void {
    this.#file.push(bytes);
  }

  #packet(): void {
    const { record } = this.#file;
    if (!isReadLinkType(record.linkType)) {
      this.#unread += 1;
      if (this.#unreadLines.length < KEPT_UNREAD)
        this.#unreadLines.push({
          source: { file: this.#input.file, line: record.number, unit: 'packet' },
          text: quotableAlone(`LINKTYPE ${record.linkType}`),
        });
      return;
    }
    if (!isCooked(record.linkType)) this.#cooked = false;
    this.#decoder.decode(record);
    this.#packets.append(this.#decoder.draft);
  }

  end(): BinaryRead {
    this.#file.end();
    const { damage, record } = this.#file;
    const records = record.number - this.#unread;
    if (records === 0 && record.number > 0) return { capture: undefined, fault: 'link-layer' };
    if (records === 0 && damage) return { capture: undefined, fault: damage };
    if (this.#cooked && records > 0) this.#packets.device ??= 'any';
    return {
      capture: {
        kind: this.#input.kind,
        file: this.#input.file,
        firstLine: 1,
        lines: record.number,
        records,
        ignored: 0,
        unread: this.#unread,
        unreadLines: this.#unreadLines,
        // Packets without a text of their own: the printer leaves them out.
        unreadAt: { ranges: [], rest: Number.POSITIVE_INFINITY },
        toolMessages: [],
        partial: damage !== undefined,
        data: { packets: this.#packets },
      },
      fault: damage,
    };
  }
}

/** Goes through the packets from the first on: what numbers count from, the earlier ones tell. */
class PcapPrinter implements RecordPrinter {
  readonly lines = new Map<number, string>();
  readonly #wanted: ReadonlySet<number>;
  readonly #last: number;
  readonly #file = new CaptureFile(() => this.#packet());
  readonly #decoder = new PacketDecoder();

  constructor(wanted: ReadonlySet<number>) {
    this.#wanted = wanted;
    let last = 0;
    for (const number of wanted) last = Math.max(last, number);
    this.#last = last;
  }

  push(bytes: Buffer): void {
    this.#file.push(bytes);
  }

  get complete(): boolean {
    return this.#file.record.number >= this.#last || this.#file.damage !== undefined;
  }

  #packet(): void {
    const { record } = this.#file;
    if (record.number > this.#last || !isReadLinkType(record.linkType)) return;
    this.#decoder.decode(record);
    if (this.#wanted.has(record.number)) this.lines.set(record.number, printPacket(record, this.#decoder.cursor));
  }
}

/** Packet captures as tcpdump, dumpcap and Wireshark write them. */
export const pcap: BinaryModule = {
  kind: 'tcpdump',
  isOne: isCaptureFile,
  endings: ['pcap', 'pcapng', 'cap', 'dmp'],
  asText: 'tcpdump -nn -r',
  open: (input) => new PcapReader(input),
  print: (wanted) => new PcapPrinter(wanted),
};
