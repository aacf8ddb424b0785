import type { Cursor } from './cursor.ts';

const ETHERNET = 0x6558;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;

const inside = (c: Cursor, ethertype: number, header: number): void => {
  c.at += header;
  if (ethertype === ETHERNET) {
    if (c.enter()) c.follow('ethernet', 0, 0);
  } else if ((ethertype === IPV4 || ethertype === IPV6) && c.enter()) c.follow('ip', 0, 0);
};

/** RFC 4303: what is behind the sequence number only the peer can read. */
export const esp = (c: Cursor): void => {
  const { layer } = c;
  if (!c.has(8)) return;
  layer.proto = 'esp';
  layer.spi = c.u32(0);
  layer.espSeq = c.u32(4);
  layer.length = c.wireEnd - c.at;
};

/** RFC 4302. */
export const ah = (c: Cursor): void => {
  if (!c.has(12)) return;
  c.layer.spi = c.u32(4);
  c.layer.espSeq = c.u32(8);
};

const WITH_CHECKSUM = 0x8000;
const WITH_ROUTING = 0x4000;
const WITH_KEY = 0x2000;
const WITH_SEQUENCE = 0x1000;

/** RFC 2784 and 2890; version 1 is PPTP's. */
export const gre = (c: Cursor): void => {
  if (!c.has(4)) return;
  c.layer.length = c.wireEnd - c.at;
  const flags = c.u16(0);
  if ((flags & 7) !== 0 || (flags & WITH_ROUTING) !== 0) return;
  let header = 4;
  for (const bit of [WITH_CHECKSUM, WITH_KEY, WITH_SEQUENCE]) if ((flags & bit) !== 0) header += 4;
  if (c.has(header)) inside(c, c.u16(2), header);
};

const HAS_VNI = 0x08;

/** RFC 7348, 5; Linux' old port has the same header. Without the flag it is something else's datagram. */
export const vxlan = (c: Cursor): void => {
  if (!c.has(8) || (c.u8(0) & HAS_VNI) === 0) return;
  c.layer.proto = 'vxlan';
  c.layer.length = -1;
  c.layer.vni = c.u32(4) >>> 8;
  inside(c, ETHERNET, 8);
};

/** RFC 8926, 3.4. */
export const geneve = (c: Cursor): void => {
  if (!c.has(8) || c.u8(0) >> 6 !== 0) return;
  c.layer.proto = 'geneve';
  c.layer.length = -1;
  c.layer.vni = c.u32(4) >>> 8;
  const header = 8 + (c.u8(0) & 0x3f) * 4;
  if (c.has(header)) inside(c, c.u16(2), header);
};
