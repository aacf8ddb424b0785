import type { Network } from '../network/network.ts';
import type { PacketView } from '../records/packet.ts';
import { ROWS, type Sighting } from './symptom.ts';

/** The name that a flow was asked by, and the namespace that saw it so. */
export type AskedBy = Pick<Sighting, 'namespace' | 'src' | 'sport' | 'dst' | 'dport'>;

const innermost = (view: PacketView): PacketView =>
  view.inner && view.spi === undefined ? innermost(view.inner) : view;

interface Seen {
  readonly name: string;
  readonly time: number;
  readonly asked: AskedBy;
}

/**
 * Names that a SYN has behind a translation, with the name that it was first seen by. Translation leaves the sequence number as it is (nf_nat and IPVS
 * change it only for helpers of protocols that send addresses), and a SYN's is printed absolute: on one node, whose captures share a clock, one number is one SYN. This tells
 * where no conntrack entry does any more: a refused connection's lives ten seconds.
 */
export const synNames = (
  network: Network,
  nameOf: (of: { proto: string } & Omit<AskedBy, 'namespace'>) => string,
): ReadonlyMap<string, AskedBy> => {
  const bySyn = new Map<string, Seen[]>();
  for (const ns of network.namespaces.values())
    for (const table of ns.packets) {
      const clock = table.clock === 'epoch' || table.clock === 'midnight' ? table.clock : table.file;
      for (const row of table.synRows().slice(0, 20 * ROWS)) {
        const { tcpFlags, seq, time, src, sport, dst, dport } = innermost(table.packet(row));
        if (tcpFlags !== 'S' || !seq || src === undefined || dst === undefined) continue;
        const key = `${ns.node} ${clock} ${seq}`;
        const name = nameOf({ proto: 'tcp', src, sport, dst, dport });
        const known = bySyn.get(key) ?? [];
        if (known.some((s) => s.name === name && s.time <= (time ?? row))) continue;
        bySyn.set(key, [...known, { name, time: time ?? row, asked: { namespace: ns, src, sport, dst, dport } }]);
      }
    }
  const names = new Map<string, AskedBy>();
  for (const seen of bySyn.values()) {
    const [first, ...others] = [...seen].sort((a, b) => a.time - b.time);
    for (const other of others) if (first && other.name !== first.name) names.set(other.name, first.asked);
  }
  return names;
};
