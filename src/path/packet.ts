/** A packet of the walk. Ports that the bundle does not tell (a masqueraded port, a client port that was not given) are undefined: unknown, not absent. */
export interface Packet {
  readonly family: 4 | 6;
  /** tcp, udp, icmp, icmp6, sctp, esp, ah, ipip, gre, or a protocol number as text. */
  readonly proto: string;
  readonly src: string;
  readonly dst: string;
  readonly sport: number | undefined;
  readonly dport: number | undefined;
  readonly icmp: { readonly type: number; readonly code: number; readonly id: number | undefined } | undefined;
  /** What a TCP packet is: the first, the answer, the rest, a reset. */
  readonly tcp: 'syn' | 'syn-ack' | 'ack' | 'rst' | undefined;
  /** skb mark. */
  readonly mark: number;
  readonly ttl: number;
  /** Bytes of the IP packet. */
  readonly length: number;
  readonly df: boolean;
  readonly spi: number | undefined;
  readonly vni: number | undefined;
  /** Destination MAC of the Ethernet frame inside a VXLAN packet, where neighbour tables tell it. */
  readonly innerMac?: string;
  /** And its source MAC: the sending VXLAN device's own. */
  readonly innerSrcMac?: string;
  /** The packet inside a tunnel's packet (ESP, VXLAN, IPIP, GRE). */
  readonly inner: Packet | undefined;
}

/** The five-tuple as text, for keys and debugging: `tcp 10.0.0.1:1024 > 10.0.0.2:80`. */
export const packetKey = (p: Packet): string =>
  `${p.proto} ${p.src}:${p.sport ?? '*'} > ${p.dst}:${p.dport ?? '*'}${p.icmp ? ` type ${p.icmp.type}` : ''}${p.inner ? ` [${packetKey(p.inner)}]` : ''}`;

const ECHO_REPLY_OF: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
  [128, 129],
]);

/** The answer that the far end gives to this packet: SYN-ACK to SYN, echo reply to echo request, mirrored ports otherwise. */
export const replyTo = (p: Packet): Packet => ({
  ...p,
  src: p.dst,
  dst: p.src,
  sport: p.dport,
  dport: p.sport,
  tcp: p.tcp === 'syn' ? 'syn-ack' : p.tcp,
  icmp: p.icmp ? { ...p.icmp, type: ECHO_REPLY_OF.get(p.icmp.type) ?? p.icmp.type } : undefined,
  mark: 0,
  ttl: 64,
  // icmp_reply: IPv4's echo replies may be cut.
  df: !(p.icmp && p.family === 4),
  inner: undefined,
});

/** IANA protocol numbers of the names that tools print. */
export const PROTOCOL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['ipip', 4],
  ['ipencap', 4],
  ['tcp', 6],
  ['udp', 17],
  ['dccp', 33],
  ['ipv6', 41],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmp6', 58],
  ['icmpv6', 58],
  ['ipv6-icmp', 58],
  ['ospf', 89],
  ['vrrp', 112],
  ['sctp', 132],
  ['udplite', 136],
]);

export const protocolNumber = (proto: string): number | undefined =>
  PROTOCOL_NUMBERS.get(proto) ?? (/^\d+$/.test(proto) ? Number(proto) : undefined);
