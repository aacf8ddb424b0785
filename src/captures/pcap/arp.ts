import { numberToIpv4 } from '../../tables/address.ts';
import { macText, setIpv4 } from './addresses.ts';
import type { Cursor } from './cursor.ts';

/** RFC 826, of IPv4 over Ethernet; others are ARP and no more. */
export const arp = (c: Cursor): void => {
  const { layer } = c;
  layer.proto = 'arp';
  c.mark();
  c.stop();
  if (!c.has(28) || c.u16(2) !== 0x0800 || c.u8(4) !== 6 || c.u8(5) !== 4) return;
  const operation = c.u16(6);
  if (operation === 1) {
    layer.arpOp = 'request';
    layer.aboutAddress = numberToIpv4(c.u32(24));
    setIpv4(layer.src, c.bytes, c.at + 14);
    setIpv4(layer.dst, c.bytes, c.at + 24);
  } else if (operation === 2) {
    layer.arpOp = 'reply';
    layer.aboutAddress = numberToIpv4(c.u32(14));
    layer.arpMac = macText(c.bytes, c.at + 8);
    setIpv4(layer.src, c.bytes, c.at + 14);
  }
};
