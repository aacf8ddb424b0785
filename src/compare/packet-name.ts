import type { Packet } from '../path/packet.ts';
import type { Leg } from '../path/walk-result.ts';

/**
 * What a packet is called, without what differs from one attempt to the next: the client's port, which a source translation chooses anew,
 * the number of an SA, which every rekeying changes, and a tunnel's own ports.
 */
export const packetName = (packet: Packet, direction: Leg['direction']): string => {
  const port = direction === 'forward' ? packet.dport : packet.sport;
  const own = packet.inner ? '' : `:${port ?? ''}`;
  const vni = packet.vni === undefined ? '' : ` vni ${packet.vni}`;
  const inner = packet.inner ? ` [${packetName(packet.inner, direction)}]` : '';
  return `${packet.proto} ${packet.src}>${packet.dst}${own}${vni}${inner}`;
};

/** Every address of a packet, of what it carries too. */
export const addressesOf = (packet: Packet): readonly string[] => [
  packet.src,
  packet.dst,
  ...(packet.inner ? addressesOf(packet.inner) : []),
];
