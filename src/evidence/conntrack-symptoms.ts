import type { NetNamespace } from '../network/namespace.ts';
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
  return [...tcp, ...others];
};
