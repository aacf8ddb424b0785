import { ipv6Text, macText } from './addresses.ts';
import { isTransportSumRight } from './checksum.ts';
import type { Cursor } from './cursor.ts';
import { quotedPort, quotedProtocol } from './quoted-packet.ts';

const ICMPV6 = 58;

const UNREACHABLE = 1;
const TOO_BIG = 2;
const TIME_EXCEEDED = 3;
const ECHO = 128;
const ECHO_REPLY = 129;
const SOLICITATION = 135;
const ADVERTISEMENT = 136;

const PORT = 4;
const POLICY_FAILED = 5;

/** The codes of an unreachable by PacketView.icmp (RFC 4443, 3.1). */
const UNREACHABLES: Readonly<Record<number, string>> = {
  0: 'net unreachable',
  1: 'admin prohibited',
  2: 'beyond scope',
  3: 'host unreachable',
  4: 'port unreachable',
  5: 'policy failed',
  6: 'reject route',
};

/** print-icmp6.c icmp6_type_values, for neighbour discovery and what else a host sends. */
const NEIGHBOURS: Readonly<Record<number, string>> = {
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbor solicitation',
  136: 'neighbor advertisement',
  137: 'redirect',
};
const NAMES: Readonly<Record<number, string>> = {
  2: 'need to frag',
  3: 'time exceeded',
  4: 'parameter problem',
  130: 'multicast listener query',
  131: 'multicast listener report',
  132: 'multicast listener done',
  143: 'multicast listener report v2',
};

/** RFC 4443 and 4861. */
export const icmp6 = (c: Cursor): void => {
  const { layer } = c;
  if (!c.has(2)) return;
  const type = c.u8(0);
  if (c.has(4) && !isTransportSumRight(c, ICMPV6, 2)) layer.checksumBad = true;
  if (type === ECHO || type === ECHO_REPLY) {
    layer.icmp = type === ECHO ? 'echo request' : 'echo reply';
    layer.length = c.wireEnd - c.at;
    if (!c.has(8)) return;
    layer.icmpId = c.u16(4);
    layer.icmpSeq = c.u16(6);
  } else if (NEIGHBOURS[type] !== undefined) neighbour(c, type);
  else error(c, type);
};

/** RFC 4861, 4: the address that is looked for or told, and the link-layer address in the answer's option. */
const neighbour = (c: Cursor, type: number): void => {
  const { layer } = c;
  layer.proto = 'nd';
  layer.icmp = NEIGHBOURS[type];
  if ((type !== SOLICITATION && type !== ADVERTISEMENT) || !c.has(24)) return;
  layer.arpOp = type === SOLICITATION ? 'request' : 'reply';
  layer.aboutAddress = ipv6Text(c.bytes, c.at + 8);
  if (type === ADVERTISEMENT && c.has(32) && c.u8(24) === 2 && c.u8(25) === 1)
    layer.arpMac = macText(c.bytes, c.at + 26);
};

const error = (c: Cursor, type: number): void => {
  const { layer } = c;
  const code = c.u8(1);
  layer.icmp = (type === UNREACHABLE ? UNREACHABLES[code] : NAMES[type]) ?? `type-#${type}`;
  // Types below 128 are errors and quote the packet that they are about.
  if (type > 127 || !c.has(8)) return;
  const mtu = c.u32(4);
  if (type === TOO_BIG) layer.mtu = mtu;
  c.at += 8;
  if (!c.has(40) || c.u8(0) >> 4 !== 6) return;
  if ((type === UNREACHABLE && code < POLICY_FAILED && code !== 2) || type === TIME_EXCEEDED)
    layer.aboutAddress = ipv6Text(c.bytes, c.at + 24);
  if (type === UNREACHABLE && code === PORT) {
    quotedPort(c, c.u8(6), 40);
    layer.aboutProto = quotedProtocol(c.u8(6));
  }
  if (c.quoted) return;
  if (c.enter()) {
    c.quoted = true;
    c.follow('ip', 0, 0);
  }
};
