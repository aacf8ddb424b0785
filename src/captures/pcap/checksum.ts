import type { PacketLayer } from '../../tables/packet-layer.ts';
import type { Cursor } from './cursor.ts';

/** The one's complement sum of 16-bit words (RFC 1071), not yet complemented. */
const sum = (bytes: Buffer, from: number, to: number, begun: number): number => {
  let total = begun;
  let at = from;
  for (; at + 1 < to; at += 2) total += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (at < to) total += (bytes[at] as number) << 8;
  return total;
};

const folded = (total: number): number => {
  let value = total;
  while (value > 0xffff) value = (value & 0xffff) + Math.floor(value / 0x10000);
  return value;
};

export const isSumRight = (bytes: Buffer, from: number, to: number): boolean =>
  folded(sum(bytes, from, to, 0)) === 0xffff;

/**
 * With the addresses and protocol before it (RFC 9293, 3.1; RFC 8200, 8.1); `field` is where the checksum stands in the header. True where not everything
 * was captured, for then nobody can tell, and where the field holds the sum of addresses and protocol alone: a device is still to finish it
 * (include/linux/skbuff.h CHECKSUM_PARTIAL), as with every packet that a host sends to itself, to its containers or to a neighbour on one hypervisor.
 */
export const isTransportSumRight = (c: Cursor, protocol: number, field: number): boolean => {
  if (c.fragment || c.quoted || !c.whole || c.addressesLength === 0) return true;
  const pseudo = sum(c.bytes, c.addressesAt, c.addressesAt + c.addressesLength, protocol + (c.wireEnd - c.at));
  if (folded(pseudo) !== c.u16(field)) return folded(sum(c.bytes, c.at, c.wireEnd, pseudo)) === 0xffff;
  // The sums of headers around it count it as finished (Documentation/networking/checksum-offloads.rst, LCO).
  for (let i = 0; i < c.draft.depth - 1; i += 1) (c.draft.layers[i] as PacketLayer).checksumBad = false;
  return true;
};
