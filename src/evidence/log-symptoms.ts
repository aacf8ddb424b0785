import type { NetNamespace } from '../network/namespace.ts';
import { isPrivate } from '../tables/address.ts';
import { tellsMartian, tellsRefusal } from './refusal-prefix.ts';
import { ROWS, type Sighting } from './symptom.ts';

/**
 * Packets that the kernel's log says were refused, or taken for martians. Strangers' probes fill every firewall's log: only what comes from addresses of private networks
 * looks like a flow that somebody misses.
 */
export const fromLog = (ns: NetNamespace): readonly Sighting[] =>
  ns.messages.slice(-ROWS).flatMap((message): Sighting[] => {
    const { packet } = message;
    if (!packet) return [];
    const sign = { namespace: ns.id, message, packet, leg: 'forward' as const };
    if (!tellsRefusal(sign) && !tellsMartian(sign)) return [];
    if (!isPrivate(packet.src) || !isPrivate(packet.dst)) return [];
    const proto = packet.proto ?? 'icmp';
    const isEcho = proto === 'icmp' || proto === 'icmp6';
    return [
      {
        namespace: ns,
        proto: isEcho ? 'icmp' : proto,
        src: packet.src,
        sport: isEcho ? packet.icmpId : packet.sport,
        dst: packet.dst,
        dport: packet.dport,
        symptom: 'logged-refusal',
        source: message.source,
        order: message.time ?? 0,
      },
    ];
  });
