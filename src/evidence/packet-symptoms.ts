import type { NetNamespace } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import type { ConntrackEntry } from '../records/conntrack.ts';
import type { PacketTable, PacketView } from '../records/packet.ts';
import { type PlacedPacket, stuckSegments } from './stall.ts';
import { ROWS, type Sighting, type Symptom } from './symptom.ts';

const STALL_ROWS = 200_000;

const innermost = (view: PacketView): PacketView =>
  view.inner && view.spi === undefined ? innermost(view.inner) : view;

/** Handshakes that were tried again, resets and ICMP errors that answer, data that is never acknowledged, datagrams that are answered no more. */
export const fromPackets = (network: Network, ns: NetNamespace, table: PacketTable): readonly Sighting[] => [
  ...handshakes(ns, table),
  ...resets(ns, table),
  ...icmpErrors(ns, table),
  ...stalls(network, ns, table),
  ...unanswered(network, ns, table),
  ...echoes(ns, table),
];

const sighting = (ns: NetNamespace, view: PacketView, symptom: Symptom, backwards = false): Sighting | undefined => {
  const { src, dst } = view;
  if (src === undefined || dst === undefined) return undefined;
  const base = {
    namespace: ns,
    proto: view.proto === 'icmp6' ? 'icmp' : view.proto,
    symptom,
    source: view.source,
    order: view.time ?? 0,
  };
  return backwards
    ? { ...base, src: dst, sport: view.dport, dst: src, dport: view.sport }
    : { ...base, src, sport: view.sport, dst, dport: view.dport };
};

/** SYNs that were sent again from one place, and SYN-ACKs that were. */
const handshakes = (ns: NetNamespace, table: PacketTable): readonly Sighting[] => {
  const byPlace = new Map<string, { times: number; view: PacketView }>();
  for (const row of table.synRows().slice(0, 20 * ROWS)) {
    const outer = table.packet(row);
    const view = innermost(outer);
    const key = `${outer.device ?? ''} ${outer.direction ?? ''} ${outer === view} ${view.tcpFlags} ${view.src} ${view.sport} ${view.dst} ${view.dport} ${view.seq}`;
    const known = byPlace.get(key);
    byPlace.set(key, { times: (known?.times ?? 0) + 1, view: known?.view ?? view });
  }
  const found: Sighting[] = [];
  for (const { times, view } of byPlace.values()) {
    if (times < 2) continue;
    const answer = view.tcpFlags === 'S.';
    const s = sighting(ns, view, answer ? 'syn-ack-repeated' : 'syn-repeated', answer);
    if (s) found.push(s);
  }
  return found;
};

/**
 * A reset that answers a SYN has sequence number 0 (tcp_v4_send_reset). Its acknowledgement tells nothing: where a port is used again, tcpdump
 * counts from the first connection's numbers.
 */
const resets = (ns: NetNamespace, table: PacketTable): readonly Sighting[] => {
  const asked = new Set<string>();
  for (const row of table.synRows().slice(0, 20 * ROWS)) {
    const view = innermost(table.packet(row));
    if (view.tcpFlags === 'S') asked.add(ends(view));
  }
  const rows = table.resetRows().slice(0, ROWS);
  const refused = rows.flatMap((row) => {
    const view = innermost(table.packet(row));
    if (view.tcpFlags !== 'R.' || (view.seq !== undefined && view.seq !== 0)) return [];
    if (!asked.has(endsBack(view))) return [];
    const s = sighting(ns, view, 'reset', true);
    return s ? [s] : [];
  });
  return [...refused, ...cutOff(ns, table, rows, asked)];
};

const ends = (view: PacketView): string => `${view.src}:${view.sport}>${view.dst}:${view.dport}`;
const endsBack = (view: PacketView): string => `${view.dst}:${view.dport}>${view.src}:${view.sport}`;

/** Connections that the side which was asked reset in the middle: its RST is no answer to a SYN, and neither side had said FIN. */
const cutOff = (
  ns: NetNamespace,
  table: PacketTable,
  rows: readonly number[],
  asked: ReadonlySet<string>,
): readonly Sighting[] => {
  const told = new Set<string>();
  return rows.slice(0, CUT_OFF_ROWS).flatMap((row) => {
    const view = innermost(table.packet(row));
    if (view.seq === 0 || view.src === undefined || !asked.has(endsBack(view)) || told.has(ends(view))) return [];
    told.add(ends(view));
    const isEnded = table.rowsWithAddress(view.src).some((other) => {
      const v = innermost(table.packet(other));
      return v.tcpFlags?.includes('F') && (ends(v) === ends(view) || endsBack(v) === ends(view));
    });
    const s = isEnded ? undefined : sighting(ns, view, 'cut-off', true);
    return s ? [s] : [];
  });
};

const CUT_OFF_ROWS = 200;

/**
 * UDP flows whose sender asks again and again in this capture and gets no answer, although there is one: an entry tells of earlier ones, or another
 * namespace's capture saw it leave. A datagram without an answer alone is everyday: logs and metrics never get one.
 */
const unanswered = (network: Network, ns: NetNamespace, table: PacketTable): readonly Sighting[] => {
  const entries = ns.conntrack[0];
  const seen = new Map<string, { times: number; view: PacketView }>();
  for (let row = 0; row < Math.min(table.count, STALL_ROWS); row += 1) {
    const outer = table.packet(row);
    const view = innermost(outer);
    if (view.proto !== 'udp') continue;
    const key = `${ends(view)} ${outer.device ?? ''} ${outer.direction ?? ''}`;
    const known = seen.get(key);
    seen.set(key, { times: (known?.times ?? 0) + 1, view: known?.view ?? view });
  }
  const answered = new Set([...seen.values()].map(({ view }) => ends(view)));
  const told = new Set<string>();
  return [...seen.values()].flatMap(({ times, view }) => {
    const { src, dst } = view;
    if (times < 2 || src === undefined || dst === undefined || answered.has(endsBack(view)) || told.has(ends(view)))
      return [];
    const hadAnswers = entries?.rowsWithAddress(src).some((row) => {
      const { proto, original, unreplied } = entries.entry(row);
      return (
        proto === 'udp' &&
        !unreplied &&
        original.src === src &&
        original.sport === view.sport &&
        original.dst === dst &&
        original.dport === view.dport
      );
    });
    if (!hadAnswers && !isAnsweredElsewhere(network, ns, view)) return [];
    told.add(ends(view));
    const s = sighting(ns, view, 'unanswered');
    return s ? [s] : [];
  });
};

/** Echo requests that were sent again and again and that this capture shows no reply to. */
const echoes = (ns: NetNamespace, table: PacketTable): readonly Sighting[] => {
  const asked = new Map<string, { times: number; view: PacketView }>();
  const answered = new Set<string>();
  for (let row = 0; row < Math.min(table.count, STALL_ROWS); row += 1) {
    const view = innermost(table.packet(row));
    if (view.icmp === 'echo reply') answered.add(`${view.dst} ${view.src} ${view.icmpId ?? ''}`);
    if (view.icmp !== 'echo request') continue;
    const key = `${view.src} ${view.dst} ${view.icmpId ?? ''}`;
    const known = asked.get(key);
    asked.set(key, { times: (known?.times ?? 0) + 1, view: known?.view ?? view });
  }
  return [...asked].flatMap(([key, { times, view }]) => {
    if (times < 2 || answered.has(key)) return [];
    const s = sighting(ns, view, 'echo-unanswered');
    return s ? [{ ...s, sport: view.icmpId }] : [];
  });
};

/** Another node's capture saw the answer to a datagram of this node's own address, under the same name. */
const isAnsweredElsewhere = (network: Network, ns: NetNamespace, view: PacketView): boolean => {
  const { src, dst } = view;
  if (src === undefined || dst === undefined) return false;
  if (!network.owners(src).some((owner) => owner.namespace.node === ns.node)) return false;
  return [...network.namespaces.values()].some(
    (other) =>
      other.node !== ns.node &&
      other.packets.some((table) =>
        table.rowsWithAddress(src).some((row) => {
          const answer = innermost(table.packet(row));
          return answer.proto === 'udp' && ends(answer) === endsBack(view);
        }),
      ),
  );
};

const icmpErrors = (ns: NetNamespace, table: PacketTable): readonly Sighting[] =>
  table
    .icmpErrorRows()
    .slice(0, ROWS)
    .flatMap((row) => {
      const view = innermost(table.packet(row));
      const about = view.icmpAbout;
      if (!view.dst || !about?.dst || !view.icmp?.includes('unreachable')) return [];
      const asked = askedFor(table, view.dst, about.dst, about.port);
      const proto = about.proto ?? asked?.proto ?? 'tcp';
      return [
        {
          namespace: ns,
          proto,
          src: view.dst,
          sport: asked?.sport,
          dst: about.dst,
          dport: about.port ?? asked?.dport,
          symptom:
            view.icmp.includes('port') || view.icmp.includes('prohibited')
              ? ('port-unreachable' as const)
              : ('unreachable' as const),
          source: view.source,
          order: view.time ?? 0,
        },
      ];
    });

/** The packet that an ICMP error answers. */
const askedFor = (table: PacketTable, src: string, dst: string, port: number | undefined): PacketView | undefined => {
  for (const row of table.rowsWithAddress(dst)) {
    const view = innermost(table.packet(row));
    if (view.src === src && view.dst === dst && (port === undefined || view.dport === port) && view.proto !== 'icmp')
      return view;
  }
  return undefined;
};

/** Segments that were sent again and again and never acknowledged: the handshake went through, the data does not. */
const stalls = (network: Network, ns: NetNamespace, table: PacketTable): readonly Sighting[] =>
  stuckSegments(placed(table), 1).flatMap(({ view }) => {
    const asked = connectionOf(network, view);
    // Without an entry: data mostly flows from the server, whose port is the lower one.
    const s = sighting(ns, view, 'stalled', (view.sport ?? 0) < (view.dport ?? 0));
    return s ? [{ ...s, ...asked }] : [];
  });

function* placed(table: PacketTable): Iterable<PlacedPacket> {
  for (let row = 0; row < Math.min(table.count, STALL_ROWS); row += 1) {
    const outer = table.packet(row);
    const view = innermost(outer);
    yield { place: `${outer.device ?? ''} ${outer.direction ?? ''} ${outer === view}`, view };
  }
}

/** The connection that a data segment belongs to under the name that its client asked by: a translated entry's, where there is one. */
const connectionOf = (
  network: Network,
  { src, sport, dst, dport }: PacketView,
): Pick<Sighting, 'src' | 'sport' | 'dst' | 'dport'> | undefined => {
  if (src === undefined || dst === undefined) return undefined;
  let plain: Pick<Sighting, 'src' | 'sport' | 'dst' | 'dport'> | undefined;
  for (const ns of network.namespaces.values()) {
    const table = ns.conntrack[0];
    if (!table) continue;
    for (const row of table.rowsWithAddress(src)) {
      const entry: ConntrackEntry = table.entry(row);
      if (entry.proto !== 'tcp') continue;
      const { original, reply } = entry;
      const answers = reply.src === src && reply.sport === sport && reply.dst === dst && reply.dport === dport;
      const asks = original.src === src && original.sport === sport && original.dst === dst && original.dport === dport;
      if (!answers && !asks) continue;
      const name = { src: original.src, sport: original.sport, dst: original.dst, dport: original.dport };
      const isTranslated = original.dst !== reply.src || original.src !== reply.dst || original.dport !== reply.sport;
      if (isTranslated) return name;
      plain ??= name;
    }
  }
  return plain;
};
