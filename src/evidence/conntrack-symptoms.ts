import type { NetNamespace } from '../network/namespace.ts';
import type { ConntrackTable } from '../records/conntrack.ts';
import { ROWS, type Sighting, type Symptom } from './symptom.ts';

/** Entries that never got beyond their first packets, were closed at once, or have no answer. */
export const fromConntrack = (ns: NetNamespace): readonly Sighting[] => {
  const table = ns.conntrack[0];
  if (!table) return [];
  const of = (rows: readonly number[], symptom: Symptom): Sighting[] =>
    rows.map((row) => {
      const entry = table.entry(row);
      const echo = entry.proto === 'icmp' || entry.proto === 'icmpv6';
      return {
        namespace: ns,
        proto: entry.proto === 'icmpv6' ? 'icmp' : entry.proto,
        src: entry.original.src,
        sport: entry.original.icmpId ?? entry.original.sport,
        dst: entry.original.dst,
        dport: entry.original.dport,
        symptom: echo && symptom === 'unreplied' ? 'echo-unanswered' : symptom,
        source: entry.source,
        order: entry.timeout ?? 0,
      };
    });
  const tcp = [
    ...of(table.rowsInState('SYN_SENT', ROWS), 'syn-sent'),
    ...of(table.rowsInState('SYN_RECV', ROWS), 'syn-recv'),
    ...of(table.rowsInState('CLOSE', ROWS), 'closed'),
  ];
  const others = of(table.unrepliedRows(ROWS), 'unreplied').filter(
    (s) => s.proto === 'udp' || s.proto === 'icmp' || s.proto === 'sctp',
  );
  const isTunnel = tunnelsOf(ns, others);
  return [...tcp, ...others.filter((s) => !isTunnel(s)), ...unservedPorts(ns, table)];
};

/**
 * A UDP tunnel's packets are never answered under their own ports: each end sends from a port of its own to the tunnel's (vxlan_xmit_one, geneve_xmit), and conntrack calls both entries
 * unreplied for ever. Told by a tunnel device with that port, or by entries of both directions to one port.
 */
const tunnelsOf = (ns: NetNamespace, unreplied: readonly Sighting[]): ((s: Sighting) => boolean) => {
  const ports = new Set([...ns.links.values()].flatMap((link) => link.vxlan?.port ?? []));
  const names = new Set(unreplied.map((s) => `${s.src} ${s.dst} ${s.dport}`));
  return (s) =>
    s.proto === 'udp' &&
    s.dport !== undefined &&
    s.sport !== s.dport &&
    (ports.has(s.dport) || names.has(`${s.dst} ${s.src} ${s.dport}`));
};

const UNDERWAY = new Set(['ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT']);

/** Connections to a service's address that this namespace keeps on a dummy device, by a port that no virtual service takes: a program of the node answers. */
const unservedPorts = (ns: NetNamespace, table: ConntrackTable): readonly Sighting[] => {
  if (ns.services.length === 0) return [];
  const served = new Set(ns.services.map((s) => `${s.proto} ${s.address} ${s.port}`));
  const virtual = [...ns.links.values()]
    .filter((link) => link.kind === 'dummy')
    .flatMap((link) => link.addresses.map((a) => a.address))
    .filter((address) => ns.services.some((s) => s.address === address));
  return virtual.flatMap((address) =>
    table
      .rowsWithAddress(address)
      .slice(0, ROWS)
      .flatMap((row) => {
        const { proto, original, reply, state, source } = table.entry(row);
        const { src, sport, dst, dport } = original;
        const isPlain = reply.src === dst && reply.sport === dport && reply.dst === src && reply.dport === sport;
        if (proto !== 'tcp' || dst !== address || !isPlain || !UNDERWAY.has(state ?? '')) return [];
        if (served.has(`${proto} ${dst} ${dport}`)) return [];
        return [{ namespace: ns, proto, src, sport, dst, dport, symptom: 'unserved-port' as const, source, order: 0 }];
      }),
  );
};
