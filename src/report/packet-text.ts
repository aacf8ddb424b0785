import type { Packet } from '../path/packet.ts';
import { visibleLine } from './visible.ts';
import type { WordValues } from './words.ts';

/** `10.0.0.1:80`, `[2001:db8::1]:80`, or the address alone where the port is unknown or there is none. */
export const endpoint = (address: string | undefined, port: number | undefined): string => {
  const text = visibleLine(address ?? '?');
  if (port === undefined) return text;
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
};

/** What tunnel a packet is the outside of; undefined for a packet that carries none. */
export const tunnelName = (packet: Packet): string | undefined => {
  // An ICMP error quotes the packet that it is about; that is no tunnel.
  if (!packet.inner || /^icmp/.test(packet.proto)) return undefined;
  if (packet.proto === 'esp') return 'ESP';
  if (packet.vni !== undefined) return 'VXLAN';
  if (packet.spi !== undefined) return 'ESP in UDP';
  return packet.proto === 'udp' ? 'UDP' : packet.proto.toUpperCase();
};

/** The number that tells a tunnel's packets from others': SPI or VNI. */
export const tunnelId = (packet: Packet): string | undefined => {
  if (packet.spi !== undefined) return `spi 0x${packet.spi.toString(16)}`;
  return packet.vni === undefined ? undefined : `vni ${packet.vni}`;
};

/** What the packet is within its protocol: `SYN`, `SYN-ACK`, `echo` … as tools abbreviate it. */
export const packetKind = (packet: Packet): string => {
  if (packet.tcp) return packet.tcp.toUpperCase();
  if (packet.icmp) return `${packet.proto} ${packet.icmp.type}/${packet.icmp.code}`;
  return packet.proto.toUpperCase();
};

/** Both ends on one line; a tunnel's with its name and number. */
export const packetText = (packet: Packet): string => {
  const ends = `${endpoint(packet.src, packet.sport)} → ${endpoint(packet.dst, packet.dport)}`;
  const tunnel = tunnelName(packet);
  return tunnel ? [tunnel, ends, tunnelId(packet)].filter((part) => part !== undefined).join(' ') : ends;
};

/** A packet as the templates of words see it. */
export const packetValues = (packet: Packet): WordValues => ({
  text: packetText(packet),
  src: packet.src,
  dst: packet.dst,
  sport: packet.sport,
  dport: packet.dport,
  from: endpoint(packet.src, packet.sport),
  to: endpoint(packet.dst, packet.dport),
  proto: packet.proto,
  spi: packet.spi,
  vni: packet.vni,
});
