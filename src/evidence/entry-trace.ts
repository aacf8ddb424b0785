import type { NetNamespace } from '../network/namespace.ts';
import { dumpedConnections, dumpedEntries, sightings } from '../path/sightings.ts';
import { firstPacket } from '../path/walk.ts';
import type { FlowQuestion } from '../path/walk-result.ts';
import type { ConntrackEntry } from '../records/conntrack.ts';
import type { PacketView } from '../records/packet.ts';
import type { Source } from '../records/source.ts';

/** What one namespace's captures show of a flow under the name that it was asked by. */
export interface FlowTrace {
  /** Its packets on a device of the namespace, in no tunnel: as they came in, and as they left (or as a capture without directions shows them). */
  readonly came: readonly PacketView[];
  readonly sent: readonly PacketView[];
  readonly entries: readonly ConntrackEntry[];
  /** IPVS connections and sockets, by their lines. */
  readonly connections: readonly Source[];
  readonly sockets: readonly Source[];
}

const agrees = (a: number | undefined, b: number | undefined): boolean => a === undefined || b === undefined || a === b;

const CONNECTED: ReadonlySet<string> = new Set(['LISTEN', 'UNCONN', '']);

/** Looks a flow up by its tuple alone: no walk is needed for it. */
export const traceOf = (namespace: NetNamespace, question: FlowQuestion): FlowTrace => {
  const packet = firstPacket(question);
  const { proto, src, dst, sport, dport } = question;
  const plain = sightings(namespace, packet).filter((view) => view.src === src && view.dst === dst);
  // What comes in by loopback was sent here.
  const isIn = (view: PacketView): boolean => view.direction === 'in' && view.device !== 'lo';
  return {
    came: plain.filter(isIn),
    sent: plain.filter((view) => !isIn(view)),
    entries: dumpedEntries(namespace, packet.proto, { src, dst, sport, dport }),
    connections: dumpedConnections(namespace, packet).map((connection) => connection.source),
    sockets: namespace.sockets
      .filter(
        (socket) =>
          socket.proto.startsWith(proto) &&
          !CONNECTED.has(socket.state) &&
          socket.peer === dst &&
          socket.local === src &&
          agrees(socket.localPort, sport) &&
          agrees(socket.peerPort, dport),
      )
      .map((socket) => socket.source),
  };
};
