import type { NetNamespace } from '../network/namespace.ts';
import { ROWS, type Sighting } from './symptom.ts';

/** Connections that IPVS holds in SYN_RECV: it sent the client's SYN on and saw no ACK of the client's since (tcp_states of ip_vs_proto_tcp.c). */
export const fromIpvs = (ns: NetNamespace): readonly Sighting[] =>
  ns.ipvsConnections
    .filter((c) => c.state === 'SYN_RECV')
    .slice(0, ROWS)
    .map((c) => ({
      namespace: ns,
      proto: c.proto.toLowerCase(),
      src: c.client,
      sport: c.clientPort,
      dst: c.virtual,
      dport: c.virtualPort,
      symptom: 'ipvs-half-open',
      source: c.source,
      order: 0,
    }));
