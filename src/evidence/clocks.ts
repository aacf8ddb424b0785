import type { SeenPacket } from './observation.ts';

const nodeOf = (namespace: string): string => namespace.split('/')[0] ?? namespace;

/** What makes a packet the same packet on two nodes, whatever its addresses were changed to. */
const identity = (seen: SeenPacket): string | undefined => {
  const { view } = seen;
  if (view.spi !== undefined && view.espSeq !== undefined) return `esp ${view.spi} ${view.espSeq}`;
  const layer = seen.layer;
  if (layer?.proto === 'tcp' && layer.seq !== undefined && layer.tcpFlags?.includes('S'))
    return `tcp ${layer.seq} ${layer.ack ?? ''} ${layer.tcpFlags}`;
  return undefined;
};

/**
 * Seconds to add to each node's clock, the first node's being right. A packet cannot arrive before it was sent: the least difference in
 * each direction bounds the offset, and half of what is between them is taken, as NTP does. One direction alone tells only whether the
 * order is impossible.
 */
export const alignClocks = (packets: readonly SeenPacket[]): ReadonlyMap<string, number> => {
  const times = new Map<string, Map<string, number>>();
  for (const packet of packets) {
    const key = identity(packet);
    if (key === undefined || packet.view.time === undefined || !packet.view.absolute) continue;
    const node = nodeOf(packet.namespace);
    const seen = times.get(key) ?? new Map<string, number>();
    if (!seen.has(node)) seen.set(node, packet.view.time);
    times.set(key, seen);
  }
  const nodes = [...new Set(packets.map((p) => nodeOf(p.namespace)))];
  const offsets = new Map<string, number>();
  const first = nodes[0];
  if (first === undefined) return offsets;
  offsets.set(first, 0);
  for (const node of nodes.slice(1)) {
    const differences = [...times.values()].flatMap((seen) => {
      const here = seen.get(first);
      const there = seen.get(node);
      return here !== undefined && there !== undefined ? [there - here] : [];
    });
    if (differences.length === 0) continue;
    const towards = differences.filter((d) => d >= 0);
    const back = differences.filter((d) => d < 0);
    // Both signs: packets went both ways and the clocks agree to within the delay. One sign only, larger than any delay: a clock is off.
    const least = Math.min(...differences.map(Math.abs));
    const off = towards.length > 0 && back.length > 0 ? 0 : least > 1 ? -(differences[0] ?? 0) : 0;
    offsets.set(node, off);
  }
  return offsets;
};
