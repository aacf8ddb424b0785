import type { PacketDraft } from '../../tables/packet-layer.ts';

/** One packet as a capture file holds it; one object is filled again and again. */
export class CaptureRecord {
  /** 1-based: the frame number that Wireshark shows and `tcpdump -#` prints. */
  number = 0;
  /** Of the epoch; NaN where the block has no time (pcapng's simple packet block). */
  seconds = Number.NaN;
  nanoseconds = 0;
  /** LINKTYPE_ value (tcpdump.org/linktypes.html). */
  linkType = 0;
  /** Device by pcapng's if_name; '' where the file does not tell. */
  device = '';
  direction: PacketDraft['direction'] = '';
  /** pcapng's opt_comment. */
  comment = '';
  /** The captured bytes are `bytes[from, to)`; on the wire the packet had `wire` of them. */
  bytes: Buffer = Buffer.alloc(0);
  from = 0;
  to = 0;
  wire = 0;
}

/** Why a capture file is not read to its end: it ends within a record, or its bytes cannot be what the format says. */
export type CaptureDamage = 'truncated' | 'corrupt';

/** One file format of captures. */
export interface RecordParser {
  /** Takes whole records from `bytes[at…]` and returns where the first byte stands that was not taken; -1 where the file is damaged from there on. */
  take(bytes: Buffer, at: number): number;
  /** Bytes that follow what was taken and that nobody wants: they may be dropped unseen. */
  skip: number;
}
