import { protocolOf } from '../../tables/packet-layer.ts';
import { isTransportSumRight } from './checksum.ts';
import type { Cursor } from './cursor.ts';
import { icmp } from './icmp.ts';
import { icmp6 } from './icmp6.ts';
import type { SequenceNumbers } from './sequence-numbers.ts';
import { ah, esp, gre } from './tunnels.ts';
import { udp } from './udp.ts';

/** IP protocol numbers (IANA). */
const ICMP = 1;
const IPV4 = 4;
const TCP = 6;
const UDP = 17;
const IPV6 = 41;
const GRE = 47;
const ESP = 50;
const AH = 51;
const ICMPV6 = 58;
const SCTP = 132;

export const transport = (c: Cursor, sequences: SequenceNumbers): void => {
  const { type } = c;
  c.mark();
  c.stop();
  c.layer.proto = protocolOf(type) ?? 'other';
  if (type === TCP) tcp(c, sequences);
  else if (type === UDP) udp(c);
  else if (type === ICMP) icmp(c);
  else if (type === ICMPV6) icmp6(c);
  else if (type === ESP) esp(c);
  else if (type === AH) ah(c);
  else if (type === GRE) gre(c);
  else if ((type === IPV4 || type === IPV6) && c.enter()) c.follow('ip', 0, 0);
  else if (type === SCTP && c.has(4)) {
    c.layer.src.port = c.u16(0);
    c.layer.dst.port = c.u16(2);
  }
};

/** In the order in which tcpdump prints them (print-tcp.c tcp_flag_values). */
const LETTERS = [
  [0x01, 'F'],
  [0x02, 'S'],
  [0x04, 'R'],
  [0x08, 'P'],
  [0x10, '.'],
  [0x20, 'U'],
  [0x40, 'E'],
  [0x80, 'W'],
] as const;
const FLAGS = Array.from({ length: 256 }, (_, flags) =>
  LETTERS.map(([bit, letter]) => ((flags & bit) === 0 ? '' : letter)).join(''),
);
const FIN_SYN_RST = 0x07;
const ACK = 0x10;

/** RFC 9293. Numbers as tcpdump prints them: the sequence number only where it says something, both relative to the connection's first. */
const tcp = (c: Cursor, sequences: SequenceNumbers): void => {
  const { layer } = c;
  if (c.has(4)) {
    layer.src.port = c.u16(0);
    layer.dst.port = c.u16(2);
  }
  if (!c.has(20)) return;
  const header = (c.u8(12) >> 4) * 4;
  const length = c.wireEnd - c.at - header;
  const bits = c.u8(13);
  layer.flags = FLAGS[bits] as string;
  if (header < 20 || (length < 0 && !c.quoted)) return;
  if (!isTransportSumRight(c, TCP, 16)) layer.checksumBad = true;
  layer.length = Math.max(length, 0);
  sequences.read(c, bits);
  if (length > 0 || (bits & FIN_SYN_RST) !== 0) layer.seq = sequences.seq;
  if ((bits & ACK) !== 0) layer.ack = sequences.ack;
};
