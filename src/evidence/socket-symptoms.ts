import type { NetNamespace } from '../network/namespace.ts';
import { ROWS, type Sighting } from './symptom.ts';

/** Connections that a socket of this very namespace was asking for when the sockets were listed (TCP_SYN_SENT). */
export const fromSockets = (ns: NetNamespace): readonly Sighting[] =>
  ns.sockets
    .filter((s) => s.proto === 'tcp' && s.state === 'SYN-SENT' && s.peerPort !== undefined)
    .slice(0, ROWS)
    .map((s) => ({
      namespace: ns,
      proto: 'tcp',
      src: s.local,
      sport: s.localPort,
      dst: s.peer,
      dport: s.peerPort,
      symptom: 'syn-sent',
      source: s.source,
      // A socket that asks to this hour is the latest attempt; earlier ones have left entries or packets.
      order: Number.POSITIVE_INFINITY,
    }));
