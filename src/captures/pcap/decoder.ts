import { PacketDraft } from '../../tables/packet-layer.ts';
import type { CaptureRecord } from './capture-record.ts';
import { Cursor } from './cursor.ts';
import { ip } from './ip.ts';
import { ethernet, link, payload } from './link.ts';
import { SequenceNumbers } from './sequence-numbers.ts';
import { transport } from './transport.ts';

/** Headers of one packet: more are hostile. */
const HEADERS = 64;

/** Reads packets' headers, one packet at a time, into a draft of the packet columns. */
export class PacketDecoder {
  readonly draft = new PacketDraft();
  readonly cursor = new Cursor(this.draft);
  readonly #sequences = new SequenceNumbers();

  decode(record: CaptureRecord): void {
    const { draft, cursor } = this;
    draft.time = record.seconds + record.nanoseconds / 1e9;
    draft.device = record.device === 'any' ? '' : record.device;
    draft.direction = record.direction;
    draft.ifindex = 0;
    cursor.begin(record.bytes, record.from, record.to, record.wire, record.number);
    cursor.follow('link', 0, 0);
    for (let headers = 0; cursor.next !== 'end' && headers < HEADERS; headers += 1)
      if (cursor.next === 'link') link(cursor, record);
      else if (cursor.next === 'ethernet') ethernet(cursor);
      else if (cursor.next === 'payload') payload(cursor);
      else if (cursor.next === 'ip') ip(cursor);
      else transport(cursor, this.#sequences);
  }
}
