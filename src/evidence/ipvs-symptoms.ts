import type { NetNamespace } from '../network/namespace.ts';
import { pastTranslation } from './past-translation.ts';
import { ROWS, type Sighting } from './symptom.ts';
import { synsAtWeightZero } from './syns-at-weight-zero.ts';

/** What IPVS's tables show of failing connections. */
export const fromIpvs = (ns: NetNamespace): readonly Sighting[] => [
  ...halfOpen(ns),
  ...atWeightZero(ns),
  ...untranslated(ns),
];

/** Connections that IPVS holds in SYN_RECV: it sent the client's SYN on and saw no ACK of the client's since (tcp_states of ip_vs_proto_tcp.c). */
const halfOpen = (ns: NetNamespace): readonly Sighting[] =>
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

/** Under the name of the service that the client asked. */
const atWeightZero = (ns: NetNamespace): readonly Sighting[] =>
  synsAtWeightZero(ns)
    .slice(0, ROWS)
    .map(({ service, syn }) => ({
      namespace: ns,
      proto: 'tcp',
      src: syn.src,
      sport: syn.sport,
      dst: service.address ?? '',
      dport: service.port,
      symptom: 'syn-at-weight-zero',
      source: syn.source,
      order: syn.time ?? 0,
    }));

const untranslated = (ns: NetNamespace): readonly Sighting[] =>
  pastTranslation(ns).map(({ connection: c }) => ({
    namespace: ns,
    proto: 'udp',
    src: c.client,
    sport: c.clientPort,
    dst: c.virtual,
    dport: c.virtualPort,
    symptom: 'past-translation',
    source: c.source,
    order: c.expire ?? 0,
  }));
