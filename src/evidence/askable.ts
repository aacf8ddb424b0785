import { knows, type NetNamespace } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import type { FlowQuestion } from '../path/walk-result.ts';
import type { Source } from '../records/source.ts';
import { isLinkLocal, isLoopback, isMulticast, isUnspecified } from '../tables/address.ts';
import { findCandidates } from './candidates.ts';
import { originOf } from './origin.ts';

/** A flow of which the bundle shows something, and about which it can be asked. */
export interface AskableFlow {
  readonly question: FlowQuestion;
  /** The line that shows it. */
  readonly source: Source;
}

/** Rows of one table that are looked at. */
const ROWS = 400;

/**
 * Flows that the bundle can be asked about, the most telling first: those that look odd, then what connection tables, packets, IPVS and sockets show, then the virtual
 * services as their own node would ask for them. At most `most`, each pair of ends and service once; without source ports, as one attempt is as good as another.
 */
export const askableFlows = (network: Network, most: number): readonly AskableFlow[] => {
  const found = new Map<string, AskableFlow>();
  const spaces = [...network.namespaces.values()].filter((ns) => !ns.imagined);
  const sources: readonly (() => Iterable<AskableFlow>)[] = [
    () =>
      findCandidates(network).flatMap(({ question, sources: [source] }) =>
        source ? [{ question: { ...question, sport: undefined }, source }] : [],
      ),
    ...[inPackets, inConntrack, inIpvs, inSockets, toServices].map(
      (read) => () => spaces.flatMap((ns) => read(network, ns)),
    ),
  ];
  for (const read of sources) {
    for (const flow of read()) {
      const { proto, src, dst, dport } = flow.question;
      if (found.size >= most) return [...found.values()];
      if (!isOrdinary(src) || !isOrdinary(dst) || src === dst) continue;
      const key = `${proto} ${src} ${dst} ${dport ?? ''}`;
      const isAnswer = [...found.values()].some(({ question: q }) => q.src === dst && q.dst === src);
      if (!found.has(key) && !isAnswer) found.set(key, flow);
    }
  }
  return [...found.values()];
};

const isOrdinary = (address: string): boolean =>
  address !== '' &&
  !isMulticast(address) &&
  !isLinkLocal(address) &&
  !isLoopback(address) &&
  !isUnspecified(address) &&
  address !== '255.255.255.255';

interface Ends {
  readonly proto: string;
  readonly src: string;
  readonly dst: string;
  readonly dport: number | undefined;
}

const asked = (network: Network, ns: NetNamespace, ends: Ends, source: Source): AskableFlow => ({
  question: { ...ends, sport: undefined, start: originOf(network, ns, ends.src) },
  source,
});

const PROTOCOLS: ReadonlySet<string> = new Set(['tcp', 'udp', 'icmp', 'sctp']);

const inConntrack = (network: Network, ns: NetNamespace): readonly AskableFlow[] => {
  const table = ns.conntrack[0];
  if (!table) return [];
  return Array.from({ length: Math.min(ROWS, table.count) }, (_, row) => table.entry(row)).flatMap((entry) => {
    const proto = entry.proto === 'icmpv6' ? 'icmp' : entry.proto;
    if (!PROTOCOLS.has(proto)) return [];
    const { src, dst, dport } = entry.original;
    return [asked(network, ns, { proto, src, dst, dport }, entry.source)];
  });
};

const inPackets = (network: Network, ns: NetNamespace): readonly AskableFlow[] =>
  ns.packets.flatMap((table) => {
    const syns = table.synRows().slice(0, ROWS);
    const rows = [...syns, ...Array.from({ length: Math.min(ROWS, table.count) }, (_, row) => row)];
    return rows.flatMap((row) => {
      const { proto, src, dst, sport, dport, tcpFlags, icmp, source } = table.packet(row);
      if (src === undefined || dst === undefined || !PROTOCOLS.has(proto)) return [];
      const isRequest =
        proto === 'tcp' ? tcpFlags === 'S' : proto === 'icmp' ? icmp === 'echo request' : (dport ?? 0) < (sport ?? 0);
      return isRequest ? [asked(network, ns, { proto, src, dst, dport }, source)] : [];
    });
  });

const inIpvs = (network: Network, ns: NetNamespace): readonly AskableFlow[] =>
  ns.ipvsConnections
    .slice(0, ROWS)
    .map((c) =>
      asked(
        network,
        ns,
        { proto: c.proto.toLowerCase(), src: c.client, dst: c.virtual, dport: c.virtualPort },
        c.source,
      ),
    );

/** A socket with a peer: whoever has the higher port has asked. */
const inSockets = (network: Network, ns: NetNamespace): readonly AskableFlow[] =>
  ns.sockets
    .filter((s) => s.proto === 'tcp' && s.peerPort !== undefined && s.localPort !== undefined && isOrdinary(s.peer))
    .slice(0, ROWS)
    .map((s) =>
      (s.localPort ?? 0) > (s.peerPort ?? 0)
        ? asked(network, ns, { proto: 'tcp', src: s.local, dst: s.peer, dport: s.peerPort }, s.source)
        : asked(network, ns, { proto: 'tcp', src: s.peer, dst: s.local, dport: s.localPort }, s.source),
    );

const toServices = (network: Network, ns: NetNamespace): readonly AskableFlow[] => {
  if (!knows(ns, 'ip-addr')) return [];
  const own = [...ns.links.values()]
    .filter((link) => link.kind !== 'dummy')
    .flatMap((link) => link.addresses)
    .filter((a) => a.scope === 'global');
  return ns.services.slice(0, ROWS).flatMap((service) => {
    const { address, port, proto, source } = service;
    const src =
      address === undefined ? undefined : own.find((a) => (a.family === 6) === address.includes(':'))?.address;
    if (address === undefined || src === undefined) return [];
    return [asked(network, ns, { proto: proto.toLowerCase(), src, dst: address, dport: port }, source)];
  });
};
