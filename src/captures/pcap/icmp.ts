import { numberToIpv4 } from '../../tables/address.ts';
import { isSumRight } from './checksum.ts';
import type { Cursor } from './cursor.ts';
import { quotedPort, quotedProtocol } from './quoted-packet.ts';

const ECHO_REPLY = 0;
const UNREACHABLE = 3;
const REDIRECT = 5;
const ECHO = 8;

const PROTOCOL = 2;
const PORT = 3;
const TOO_BIG = 4;

/** The codes of an unreachable by PacketView.icmp (print-icmp.c unreach2str). */
const UNREACHABLES: Readonly<Record<number, string>> = {
  0: 'net unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  4: 'need to frag',
  5: 'source route failed',
  6: 'net unreachable',
  7: 'host unreachable',
  8: 'source host isolated',
  9: 'admin prohibited',
  10: 'admin prohibited',
  11: 'net unreachable',
  12: 'host unreachable',
  13: 'admin prohibited',
  14: 'host unreachable',
  15: 'host unreachable',
};

/** Other types (print-icmp.c icmp2str and icmp_print). */
const NAMES: Readonly<Record<number, string>> = {
  4: 'source quench',
  9: 'router advertisement',
  10: 'router solicitation',
  11: 'time exceeded',
  12: 'parameter problem',
  13: 'time stamp query id',
  14: 'time stamp reply id',
  15: 'information request',
  16: 'information reply',
  17: 'address mask request',
};
/** Whose message quotes the packet that it is about (RFC 792). */
const ERRORS: ReadonlySet<number> = new Set([UNREACHABLE, 4, REDIRECT, 11, 12]);

/** RFC 792. */
export const icmp = (c: Cursor): void => {
  const { layer } = c;
  if (!c.has(2)) return;
  const type = c.u8(0);
  if (type === ECHO || type === ECHO_REPLY) {
    layer.icmp = type === ECHO ? 'echo request' : 'echo reply';
    layer.length = c.wireEnd - c.at;
    if (!c.has(8)) return;
    layer.icmpId = c.u16(4);
    layer.icmpSeq = c.u16(6);
    if (!c.quoted && !c.fragment && c.whole && !isSumRight(c.bytes, c.at, c.wireEnd)) layer.checksumBad = true;
    return;
  }
  const code = c.u8(1);
  layer.icmp = (type === UNREACHABLE ? UNREACHABLES[code] : NAMES[type]) ?? `type-#${type}`;
  if (ERRORS.has(type) && c.has(8)) error(c, type, code);
};

const error = (c: Cursor, type: number, code: number): void => {
  const { layer } = c;
  const mtu = c.u16(6);
  c.at += 8;
  if (!c.has(20) || c.u8(0) >> 4 !== 4) return;
  if (type === UNREACHABLE || type === REDIRECT) layer.aboutAddress = numberToIpv4(c.u32(16));
  if (type === UNREACHABLE) {
    const protocol = c.u8(9);
    if (code === TOO_BIG) layer.mtu = mtu;
    if (code === PORT) quotedPort(c, protocol, (c.u8(0) & 15) * 4);
    if (code === PROTOCOL) layer.aboutProto = `${protocol}`;
    if (code === PORT) layer.aboutProto = quotedProtocol(protocol);
  }
  if (c.quoted) return;
  if (c.enter()) {
    c.quoted = true;
    c.follow('ip', 0, 0);
  }
};
