import { PacketDraft, type PacketLayer } from '../../tables/packet-layer.ts';

/** What stands at the cursor. */
export type Next = 'link' | 'ethernet' | 'payload' | 'ip' | 'transport' | 'end';

/**
 * A place in a packet's bytes while its headers are read from the outside in. Each header's reader sets the fields of its layer, moves on
 * and says what follows. What the snapshot length cut off is never read: `has` asks before every field.
 */
export class Cursor {
  readonly draft: PacketDraft;
  layer: PacketLayer;
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  /** End of what was captured of the layer's bytes. */
  end = 0;
  /** Where they would end had all been captured; an IP header's length narrows it. */
  wireEnd = 0;
  next: Next = 'end';
  /** The link type, ethertype or IP protocol number of what follows. */
  type = 0;
  /** A first fragment: the transport layer's length and checksum are about more than is here. */
  fragment = false;
  /** Where source and destination address stand, one behind the other, and their bytes together; 0 where a checksum must not count them. */
  addressesAt = 0;
  addressesLength = 0;
  /** Within the packet that an ICMP error quotes: it was cut by its sender. */
  quoted = false;
  /** Where each layer's last header begins, and where its bytes end: for printing. */
  readonly headerAt = new Int32Array(PacketDraft.MAX_DEPTH);
  readonly headerEnd = new Int32Array(PacketDraft.MAX_DEPTH);
  readonly headerWireEnd = new Int32Array(PacketDraft.MAX_DEPTH);
  /** Where each layer's IP header begins. */
  readonly networkAt = new Int32Array(PacketDraft.MAX_DEPTH);

  constructor(draft: PacketDraft) {
    this.draft = draft;
    this.layer = draft.layers[0] as PacketLayer;
  }

  begin(bytes: Buffer, from: number, to: number, wire: number, line: number): void {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    this.wireEnd = from + wire;
    this.quoted = false;
    this.draft.depth = 0;
    this.#layer(line);
  }

  /** Begins the packet inside; false where packets are nested deeper than the columns hold. */
  enter(): boolean {
    if (this.draft.depth >= PacketDraft.MAX_DEPTH) {
      this.next = 'end';
      return false;
    }
    this.#layer(this.layer.line);
    return true;
  }

  #layer(line: number): void {
    this.layer = this.draft.layers[this.draft.depth] as PacketLayer;
    this.layer.reset();
    this.layer.line = line;
    this.fragment = false;
    this.addressesLength = 0;
    this.draft.depth += 1;
    this.mark();
  }

  /** The layer's header of which it is named begins here. */
  mark(): void {
    const row = this.draft.depth - 1;
    this.headerAt[row] = this.at;
    this.headerEnd[row] = this.end;
    this.headerWireEnd[row] = this.wireEnd;
  }

  /** Whether so many bytes were captured from here on. */
  has(count: number): boolean {
    return this.at + count <= this.end;
  }

  /** Everything of the layer was captured. */
  get whole(): boolean {
    return this.end >= this.wireEnd;
  }

  u8(offset: number): number {
    return this.bytes[this.at + offset] as number;
  }

  u16(offset: number): number {
    return this.bytes.readUInt16BE(this.at + offset);
  }

  u32(offset: number): number {
    return this.bytes.readUInt32BE(this.at + offset);
  }

  follow(next: Next, type: number, skipped: number): void {
    this.at += skipped;
    this.next = next;
    this.type = type;
  }

  stop(): void {
    this.next = 'end';
  }
}
