import type { PacketTable, PacketView } from '../../records/packet.ts';
import type { ClueReader } from './clue.ts';

/** Packets of a capture that are looked at, and rows around an outer packet among which its inner one is looked for. */
const LOOKED_AT = 5000;
const AROUND = 4;

/** A packet at a tunnel's device and, right behind or before it, the same packet inside another one: the device wraps it so (vxlan_xmit, ipip_tunnel_xmit). */
export const fromTunnels: ClueReader = function* (ns) {
  const told = new Set<string>();
  for (const table of ns.packets)
    for (let row = 0; row < Math.min(table.count, LOOKED_AT); row += 1) {
      const outer = table.packet(row);
      if ((outer.proto !== 'vxlan' && outer.proto !== 'ipip') || !outer.inner || outer.direction === undefined)
        continue;
      const inner = innerRow(table, row, outer, outer.inner);
      if (inner?.device === undefined || outer.src === undefined || outer.dst === undefined) continue;
      const [local, remote] = outer.direction === 'out' ? [outer.src, outer.dst] : [outer.dst, outer.src];
      const key = `${inner.device} ${local} ${remote} ${outer.vni} ${outer.dport}`;
      if (told.has(key)) continue;
      told.add(key);
      const { vni, dport: port, source } = outer;
      yield { fact: 'tunnel', device: inner.device, kind: outer.proto, vni, port, local, remote, source };
    }
};

const innerRow = (table: PacketTable, row: number, outer: PacketView, inner: PacketView): PacketView | undefined => {
  const isOut = outer.direction === 'out';
  const [from, to] = isOut ? [row - AROUND, row] : [row + 1, row + 1 + AROUND];
  for (let other = Math.max(0, from); other < Math.min(to, table.count); other += 1) {
    const view = table.packet(other);
    const isOther = view.device !== outer.device && view.inner === undefined;
    if (isOther && (view.direction === 'out') === isOut && isSame(view, inner)) return view;
  }
  return undefined;
};

const isSame = (a: PacketView, b: PacketView): boolean =>
  a.proto === b.proto &&
  a.src === b.src &&
  a.dst === b.dst &&
  a.sport === b.sport &&
  a.dport === b.dport &&
  a.tcpFlags === b.tcpFlags &&
  a.seq === b.seq &&
  a.ack === b.ack &&
  a.length === b.length &&
  a.icmpSeq === b.icmpSeq;
