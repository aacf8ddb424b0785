import type { SeenPacket } from '../../evidence/observation.ts';
import type { PacketView } from '../../records/packet.ts';

/** A place where packets were captured: a device of a namespace. */
export interface CapturePoint {
  readonly id: string;
  readonly namespace: string;
  readonly device: string | undefined;
}

export interface Sighting {
  readonly packet: SeenPacket;
  readonly point: number;
  /** Seconds on the first node's clock; undefined where the capture has no times. */
  readonly time: number | undefined;
}

/** One packet of the flow on its way over the capture points, under all its names. */
export interface Journey {
  readonly leg: SeenPacket['leg'];
  readonly sightings: readonly Sighting[];
  /** How many earlier journeys carried the same packet: 0 for the first, 1 for its first repeat. */
  readonly repeat: number;
}

/** A packet is not on its way for longer than this between two capture points of one cluster; retransmissions are farther apart. */
const OPEN_SECONDS = 0.15;

const pointId = (packet: SeenPacket): string => `${packet.namespace}\u0000${packet.view.device ?? ''}`;

/**
 * Where among the points of its namespace a point lies: by when the request was first seen there, or how late the answer was. Without
 * times, by the step of the walk.
 */
const position = (packets: readonly SeenPacket[]): number => {
  const first = (leg: SeenPacket['leg'], of: (packet: SeenPacket) => number | undefined): number | undefined => {
    const values = packets.flatMap((packet) => (packet.leg === leg ? (of(packet) ?? []) : []));
    return values.length > 0 ? Math.min(...values) : undefined;
  };
  const time = (packet: SeenPacket) => packet.view.time;
  const step = (packet: SeenPacket) => packet.step;
  const late = (value: number | undefined) => (value === undefined ? undefined : -value);
  return (
    first('forward', time) ?? late(first('reply', time)) ?? first('forward', step) ?? late(first('reply', step)) ?? 0
  );
};

/** Capture points in the order in which the request meets them. `order` is the lanes' order by namespace. */
export const capturePoints = (packets: readonly SeenPacket[], order: readonly string[]): CapturePoint[] => {
  const groups = new Map<string, SeenPacket[]>();
  for (const packet of packets) {
    const id = pointId(packet);
    const group = groups.get(id);
    if (group) group.push(packet);
    else groups.set(id, [packet]);
  }
  const lane = (group: readonly SeenPacket[]) => {
    const at = order.indexOf(group[0]?.namespace ?? '');
    return at < 0 ? order.length : at;
  };
  return [...groups]
    .map(([id, group]) => ({ id, group, lane: lane(group), at: position(group) }))
    .sort((a, b) => a.lane - b.lane || a.at - b.at || (a.id < b.id ? -1 : 1))
    .map(({ id, group }) => ({ id, namespace: group[0]?.namespace ?? '', device: group[0]?.view.device }));
};

/** What tells one packet from the next of the same flow, where both views show it. */
const samePacket = (a: PacketView, b: PacketView): boolean | undefined => {
  if (a.proto !== b.proto) return undefined;
  if (a.proto === 'esp')
    return a.spi === undefined || a.espSeq === undefined || b.espSeq === undefined
      ? undefined
      : a.spi === b.spi && a.espSeq === b.espSeq;
  if (a.tcpFlags !== undefined && b.tcpFlags !== undefined && a.tcpFlags !== b.tcpFlags) return false;
  if (a.seq !== undefined && b.seq !== undefined && a.seq !== b.seq) return false;
  if (a.icmpSeq !== undefined && b.icmpSeq !== undefined) return a.icmpSeq === b.icmpSeq && a.icmp === b.icmp;
  if (a.ipId !== undefined && b.ipId !== undefined && a.ipId !== 0 && b.ipId !== 0) return a.ipId === b.ipId;
  return undefined;
};

const nodeOf = (namespace: string): string => namespace.split('/')[0] ?? namespace;

interface Draft {
  readonly leg: SeenPacket['leg'];
  readonly sightings: Sighting[];
}

/** Whether a sighting can be the next one of a journey. */
const continues = (draft: Draft, next: Sighting): boolean => {
  const last = draft.sightings.at(-1);
  if (!last || draft.leg !== next.packet.leg) return false;
  if (last.time !== undefined && next.time !== undefined && next.time - last.time > OPEN_SECONDS) return false;
  for (const sighting of draft.sightings) {
    const there = sighting.packet;
    if (
      sighting.point === next.point &&
      there.wrapping === next.packet.wrapping &&
      there.view.direction === next.packet.view.direction
    )
      return false;
    const same = samePacket(there.view, next.packet.view);
    if (same !== undefined && !same) return false;
    const inner = there.layer && next.packet.layer ? samePacket(there.layer, next.packet.layer) : undefined;
    if (inner !== undefined && !inner) return false;
  }
  return true;
};

const alike = (a: Journey, b: Draft): boolean =>
  a.leg === b.leg &&
  a.sightings.some((x) =>
    b.sightings.some((y) => {
      const left = x.packet.layer;
      const right = y.packet.layer;
      return (
        left !== undefined &&
        right !== undefined &&
        left.seq !== undefined &&
        left.seq === right.seq &&
        left.tcpFlags === right.tcpFlags &&
        left.length === right.length
      );
    }),
  );

/** Sightings, in order of time, joined into journeys: by the packets' own numbers, and by time where a tunnel hides them. */
export const journeysOf = (
  packets: readonly SeenPacket[],
  points: readonly CapturePoint[],
  clockOffsets: ReadonlyMap<string, number>,
): Journey[] => {
  const index = new Map(points.map((point, i) => [point.id, i]));
  const sightings = packets
    .map((packet) => ({
      packet,
      point: index.get(pointId(packet)) ?? 0,
      time:
        packet.view.time === undefined
          ? undefined
          : packet.view.time + (clockOffsets.get(nodeOf(packet.namespace)) ?? 0),
    }))
    .sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
  const drafts: Draft[] = [];
  let open: Draft[] = [];
  for (const sighting of sightings) {
    open = open.filter((draft) => {
      const last = draft.sightings.at(-1);
      return last?.time === undefined || sighting.time === undefined || sighting.time - last.time <= OPEN_SECONDS;
    });
    const home = open.find((draft) => continues(draft, sighting));
    if (home) home.sightings.push(sighting);
    else {
      const draft: Draft = { leg: sighting.packet.leg, sightings: [sighting] };
      drafts.push(draft);
      open.push(draft);
    }
  }
  const journeys: Journey[] = [];
  for (const draft of drafts)
    journeys.push({ ...draft, repeat: journeys.filter((earlier) => alike(earlier, draft)).length });
  return journeys;
};
