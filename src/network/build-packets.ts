import type { Link } from '../records/link.ts';
import type { PacketTable, PacketView } from '../records/packet.ts';

/** Time zones are whole quarters of an hour apart. */
const ZONE = 900;
/** Rows that are held against each other. */
const PROBES = 64;

/**
 * A namespace's packet captures. Devices of which a capture knows the number are named by the namespace's links; a capture that stands there
 * twice, as file and as the text made of it, is kept once: its packets were not sent twice.
 */
export const packetsOf = (tables: readonly PacketTable[], links: Iterable<Link>): readonly PacketTable[] => {
  const names = new Map(
    [...links].flatMap((link) => (link.index === undefined ? [] : [[link.index, link.name] as const])),
  );
  for (const table of tables) table.nameDevices?.(names);
  const kept: PacketTable[] = [];
  for (const table of tables) if (!kept.some((other) => areOne(other, table))) kept.push(table);
  return kept;
};

const areOne = (a: PacketTable, b: PacketTable): boolean => {
  if (a.count !== b.count || a.count === 0) return false;
  if (a.device !== undefined && b.device !== undefined && a.device !== b.device) return false;
  const step = Math.max(1, Math.floor(a.count / PROBES));
  for (let row = 0; row < a.count; row += step) if (!isOne(a.packet(row), b.packet(row))) return false;
  return isOne(a.packet(a.count - 1), b.packet(b.count - 1));
};

/** The same packet at the same moment: to the microsecond, but for the zone in which the times were printed. */
const isOne = (a: PacketView, b: PacketView): boolean => {
  if (a.time === undefined || b.time === undefined) return false;
  const apart = Math.abs(a.time - b.time) % ZONE;
  return (
    (apart < 2e-6 || ZONE - apart < 2e-6) &&
    a.proto === b.proto &&
    a.src === b.src &&
    a.dst === b.dst &&
    a.sport === b.sport &&
    a.dport === b.dport &&
    a.tcpFlags === b.tcpFlags &&
    a.seq === b.seq &&
    a.icmpSeq === b.icmpSeq &&
    a.espSeq === b.espSeq &&
    (a.device === undefined || b.device === undefined || a.device === b.device) &&
    (a.direction === undefined || b.direction === undefined || a.direction === b.direction)
  );
};
