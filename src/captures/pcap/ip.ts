import { setIpv4, setIpv6 } from './addresses.ts';
import { isSumRight } from './checksum.ts';
import type { Cursor } from './cursor.ts';

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION = 60;
/** More extension headers than these no stack sends. */
const EXTENSIONS = 16;

/** The version stands in the first four bits. */
export const ip = (c: Cursor): void => {
  const version = c.has(1) ? c.u8(0) >> 4 : 0;
  c.mark();
  c.networkAt[c.draft.depth - 1] = c.at;
  if (version === 4) ipv4(c);
  else if (version === 6) ipv6(c);
  else c.stop();
};

/** The layer's bytes end where its header says; the link layer pads behind it, and the snapshot may end before it. */
const narrow = (c: Cursor, length: number): void => {
  c.wireEnd = c.at + length;
  c.end = Math.min(c.end, c.wireEnd);
  c.headerEnd[c.draft.depth - 1] = c.end;
  c.headerWireEnd[c.draft.depth - 1] = c.wireEnd;
};

/** RFC 791. */
const ipv4 = (c: Cursor): void => {
  const { layer } = c;
  layer.family = 4;
  c.stop();
  if (!c.has(20)) return;
  const header = (c.u8(0) & 15) * 4;
  if (header < 20) return;
  // A segment that the device is still to cut (TSO) may be longer than the field holds: 0.
  const length = c.u16(2) || c.wireEnd - c.at;
  if (length < header) return;
  layer.ttl = c.u8(8);
  layer.ipId = c.u16(4);
  const flags = c.u16(6);
  layer.df = (flags & 0x4000) !== 0 ? 1 : 0;
  layer.number = c.u8(9);
  setIpv4(layer.src, c.bytes, c.at + 12);
  setIpv4(layer.dst, c.bytes, c.at + 16);
  narrow(c, length);
  if (!c.quoted && c.has(header) && !isSumRight(c.bytes, c.at, c.at + header)) layer.checksumBad = true;
  c.addressesAt = c.at + 12;
  c.addressesLength = 8;
  if ((flags & 0x1fff) !== 0) {
    layer.proto = 'fragment';
    return;
  }
  c.fragment = (flags & 0x2000) !== 0;
  c.follow('transport', layer.number, header);
};

/** RFC 8200. */
const ipv6 = (c: Cursor): void => {
  const { layer } = c;
  layer.family = 6;
  c.stop();
  if (!c.has(40)) return;
  layer.ttl = c.u8(7);
  setIpv6(layer.src, c.bytes, c.at + 8);
  setIpv6(layer.dst, c.bytes, c.at + 24);
  // 0 with a jumbo payload (RFC 2675), or a segment that is still to be cut.
  const length = c.u16(4);
  narrow(c, length === 0 ? c.wireEnd - c.at : 40 + length);
  c.addressesAt = c.at + 8;
  c.addressesLength = 32;
  extensions(c, c.u8(6));
};

const extensions = (c: Cursor, first: number): void => {
  const { layer } = c;
  let type = first;
  c.at += 40;
  for (let i = 0; i < EXTENSIONS; i += 1) {
    if (type !== HOP_BY_HOP && type !== ROUTING && type !== DESTINATION && type !== FRAGMENT) {
      layer.number = type;
      c.follow('transport', type, 0);
      return;
    }
    if (!c.has(4)) return;
    if (type === FRAGMENT) {
      const offset = c.u16(2);
      if (offset >> 3 !== 0) {
        layer.number = c.u8(0);
        layer.proto = 'fragment';
        return;
      }
      c.fragment = (offset & 1) !== 0;
    }
    // The checksum counts the last destination, which a routing header holds.
    if (type === ROUTING) c.addressesLength = 0;
    const length = type === FRAGMENT ? 8 : (c.u8(1) + 1) * 8;
    type = c.u8(0);
    if (!c.has(length)) return;
    c.at += length;
  }
};
