import type { PacketView } from '../records/packet.ts';

/** A data segment that one place saw again and again, with no acknowledgement of it coming back there. */
export interface StuckSegment {
  /** The segment as it was seen first. */
  readonly view: PacketView;
  readonly times: number;
}

/** A packet of a capture and the place that saw it: namespace, device, direction and wrapping as one text. */
export interface PlacedPacket {
  readonly place: string;
  readonly view: PacketView;
}

/** Sent this often and never acknowledged, a segment is stuck; fast retransmission and a reordered capture make two. */
const STUCK_AFTER = 3;
/** A small one, that every link carries, is stuck after as many attempts as make some six seconds; a lost acknowledgement or two is everyday. */
const SMALL_STUCK_AFTER = 6;
/** Seconds that a segment sent again is without its acknowledgement while the connection's other packets pass: longer than any round trip. */
const STUCK_FOR = 1;
/** Payload bytes from which a segment may be too large for a link that carries the handshake. */
export const LARGE_SEGMENT = 500;

interface Repeated {
  readonly view: PacketView;
  readonly end: number;
  times: number;
}

/**
 * Segments of at least `least` payload bytes without which the connection cannot go on. Sequence and acknowledgement numbers are compared as they are printed: both relative, or
 * both absolute where the capture missed the handshake.
 */
export const stuckSegments = (packets: Iterable<PlacedPacket>, least = LARGE_SEGMENT): readonly StuckSegment[] => {
  const sent = new Map<string, Map<string, Repeated>>();
  const acknowledged = new Map<string, number>();
  /** When the receiver was last heard, by the flow that it acknowledges. */
  const heard = new Map<string, number>();
  for (const { place, view } of packets) {
    if (view.proto !== 'tcp' || view.tcpFlags === undefined) continue;
    if (view.ack !== undefined && !view.tcpFlags.includes('S')) {
      // Acknowledgements may be seen at another device than the data: what counts is who sent them.
      const back = `${view.dst}:${view.dport}>${view.src}:${view.sport}`;
      acknowledged.set(back, Math.max(acknowledged.get(back) ?? 0, view.ack));
      if (view.time !== undefined) heard.set(back, Math.max(heard.get(back) ?? 0, view.time));
    }
    const length = view.length ?? 0;
    if (length < least || view.seq === undefined || view.tcpFlags.includes('S')) continue;
    const flow = `${view.src}:${view.sport}>${view.dst}:${view.dport}`;
    const key = `${place} ${view.seq}`;
    const segments = sent.get(flow) ?? new Map<string, Repeated>();
    sent.set(flow, segments);
    const known = segments.get(key);
    if (known) known.times += 1;
    else segments.set(key, { view, end: view.seq + length, times: 1 });
  }
  const stuck: StuckSegment[] = [];
  for (const [flow, segments] of sent) {
    const most = acknowledged.get(flow) ?? 0;
    for (const { view, end, times } of segments.values()) {
      const isLarge = (view.length ?? 0) >= LARGE_SEGMENT;
      if (!isLarge && times >= SMALL_STUCK_AFTER && most < end) stuck.push({ view, times });
      if (!isLarge) continue;
      const waited = (heard.get(flow) ?? 0) - (view.time ?? Number.POSITIVE_INFINITY);
      if ((times >= STUCK_AFTER || (times > 1 && waited >= STUCK_FOR)) && most < end) stuck.push({ view, times });
    }
  }
  return stuck;
};
