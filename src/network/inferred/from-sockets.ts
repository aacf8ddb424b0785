import { isUnspecified } from '../../tables/address.ts';
import type { ClueReader } from './clue.ts';

/** Sockets are bound to addresses of the namespace; to others only with IP_FREEBIND or IP_TRANSPARENT. */
export const fromSockets: ClueReader = function* (ns) {
  const found = new Set<string>();
  for (const { proto, local, localDev, source } of ns.sockets) {
    if (!/^(?:tcp|udp|sctp|dccp|udplite|raw|icmp)/.test(proto)) continue;
    if (isUnspecified(local) || local === '*' || found.has(`${local}%${localDev}`)) continue;
    found.add(`${local}%${localDev}`);
    yield { fact: 'address', address: local, device: localDev, weight: 'strong', source };
  }
};
