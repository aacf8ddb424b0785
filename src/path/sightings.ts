import type { NetNamespace } from '../network/namespace.ts';
import type { ConntrackEntry } from '../records/conntrack.ts';
import type { IpvsConnection } from '../records/ipvs.ts';
import type { PacketView } from '../records/packet.ts';
import type { WalkTuple } from './conntrack-entry.ts';
import type { Packet } from './packet.ts';

/**
 * What the bundle saw of a packet. Where the kernel's choice cannot be worked out (which real server, which random port, whether the
 * network between two nodes carried a packet), the walk asks here which of its branches really happened.
 */

const agrees = (a: number | undefined, b: number | undefined): boolean => a === undefined || b === undefined || a === b;
const PROTO_ALIAS: Readonly<Record<string, string>> = { icmp6: 'icmpv6', icmpv6: 'icmp6' };
const sameProto = (a: string, b: string): boolean => a === b || PROTO_ALIAS[a] === b;

/** The dumped entries whose original tuple is this one (unknown ports match any). */
export const dumpedEntries = (ns: NetNamespace, proto: string, original: WalkTuple): readonly ConntrackEntry[] => {
  const table = ns.conntrack[0];
  if (!table) return [];
  const found: ConntrackEntry[] = [];
  for (const row of table.rowsWithAddress(original.dst)) {
    const entry = table.entry(row);
    if (!sameProto(entry.proto, proto) || entry.original.src !== original.src || entry.original.dst !== original.dst)
      continue;
    const sport = entry.original.icmpId ?? entry.original.sport;
    if (agrees(sport, original.sport) && agrees(entry.original.dport, original.dport)) found.push(entry);
  }
  return found;
};

/** The one dumped entry of the tuple; undefined where there is none or where several differ in what `tell` asks of them. */
export const dumpedAnswer = <T>(
  ns: NetNamespace,
  proto: string,
  original: WalkTuple,
  tell: (entry: ConntrackEntry) => T | undefined,
): T | undefined => {
  const answers = new Set(dumpedEntries(ns, proto, original).map(tell));
  answers.delete(undefined);
  return answers.size === 1 ? [...answers][0] : undefined;
};

/** IPVS connections of the dump for this packet. */
export const dumpedConnections = (ns: NetNamespace, p: Packet): readonly IpvsConnection[] =>
  ns.ipvsConnections.filter(
    (c) =>
      c.proto.toLowerCase() === p.proto &&
      c.client === p.src &&
      agrees(c.clientPort, p.sport) &&
      c.virtual === p.dst &&
      agrees(c.virtualPort, p.dport) &&
      c.state !== 'NONE',
  );

const ECHO: readonly number[] = [0, 8, 128, 129];

const isPacket = (view: PacketView, p: Packet): boolean => {
  if (p.icmp) {
    if (view.src !== p.src || view.dst !== p.dst || (view.proto !== 'icmp' && view.proto !== 'icmp6')) return false;
    const echo = view.icmp === 'echo request' ? [8, 128] : view.icmp === 'echo reply' ? [0, 129] : undefined;
    if (echo || ECHO.includes(p.icmp.type)) return echo?.includes(p.icmp.type) ?? view.icmp === undefined;
    const { icmpAbout: about } = view;
    return !about || !p.inner || (about.dst === p.inner.dst && agrees(about.port, p.inner.dport));
  }
  return (
    view.proto === p.proto &&
    view.src === p.src &&
    view.dst === p.dst &&
    agrees(view.sport, p.sport) &&
    agrees(view.dport, p.dport)
  );
};

const holds = (view: PacketView, p: Packet): boolean => {
  for (let layer: PacketView | undefined = view; layer; layer = layer.inner) if (isPacket(layer, p)) return true;
  return false;
};

const isEsp = (view: PacketView, p: Packet): boolean => {
  for (let layer: PacketView | undefined = view; layer; layer = layer.inner)
    if (layer.spi !== undefined && agrees(layer.spi, p.spi) && layer.src === p.src && layer.dst === p.dst) return true;
  return false;
};

const isIpsec = (p: Packet): boolean => p.spi !== undefined || p.proto === 'esp' || p.proto === 'ah';

/** Packets of the namespace's captures that are this one, in time's order; ESP by its SPI (by its ends where that is open), VXLAN by what it carries. */
export const sightings = (ns: NetNamespace, p: Packet): readonly PacketView[] => {
  const found: PacketView[] = [];
  // What an ICMP error holds is quoted, not carried.
  const wanted = isIpsec(p) || p.icmp ? p : (p.inner ?? p);
  for (const table of ns.packets)
    for (const row of table.rowsWithAddress(wanted.dst)) {
      const view = table.packet(row);
      if (isIpsec(p) ? isEsp(view, p) : holds(view, wanted)) found.push(view);
    }
  return found.sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
};

/**
 * The packet was seen to come in by the device, in a capture of every device, and neither it nor what a translation of its source would make of it was seen to go out: it
 * ended in the namespace.
 */
export const endsHere = (ns: NetNamespace, p: Packet, iif: string): boolean => {
  const came = sightings(ns, p).filter((view) => view.direction === 'in' && view.device === iif);
  if (came.length === 0) return false;
  const sequences = new Set(came.map((view) => view.seq));
  return !ns.packets.some((table) =>
    table.rowsWithAddress(p.dst).some((row) => {
      const view = table.packet(row);
      if (view.direction !== 'out' || view.dst !== p.dst || !agrees(view.dport, p.dport)) return false;
      return (view.src === p.src && agrees(view.sport, p.sport)) || (view.seq !== undefined && sequences.has(view.seq));
    }),
  );
};

/** The captures of a namespace on a device: they would show a packet there. A capture on `any` covers every device. */
export const watches = (ns: NetNamespace, device: string | undefined): boolean =>
  ns.packets.some((table) => table.device === undefined || table.device === 'any' || table.device === device);
