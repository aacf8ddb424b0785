import type { Network } from '../network/network.ts';
import { type FlowQuestion, senderOf } from '../path/walk-result.ts';
import type { PacketView } from '../records/packet.ts';
import type { FlowEvidence, SeenEntry, SeenPacket } from './observation.ts';
import { type PlacedPacket, type StuckSegment, stuckSegments } from './stall.ts';

const ENDED_STATES: ReadonlySet<string> = new Set(['FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT']);

/** Packets that bear the flow's name at its sender: the ones that the client's own socket sent and got. */
const atClient = (question: FlowQuestion, packets: readonly SeenPacket[]): readonly PacketView[] => {
  // A node's ICMP error may bear the address that was asked as its source.
  const views = packets.flatMap((p) => (p.layer && p.leg !== 'error' ? [p.layer] : []));
  return views.filter(
    (v) => (v.src === question.src && v.dst === question.dst) || (v.src === question.dst && v.dst === question.src),
  );
};

/** Whether a socket of the client's was asking for this connection when its namespace's sockets were listed. */
export const isAsking = (network: Network, question: FlowQuestion): boolean =>
  question.proto === 'tcp' &&
  (network.namespaces.get(senderOf(question) ?? '')?.sockets ?? []).some(
    (s) =>
      s.state === 'SYN-SENT' &&
      s.peer === question.dst &&
      s.peerPort === question.dport &&
      (question.src === '' || s.local === question.src) &&
      (question.sport === undefined || s.localPort === question.sport),
  );

/**
 * What the client saw, by what the flow left behind: the packets under the client's own name first, then the conntrack entry, then a socket
 * that still asks.
 * `unknown` where neither tells. An ended connection's entry is of an earlier attempt, up to minutes ago: it says nothing of a new one that the state of now
 * refuses (`refusedNow`).
 */
export const whatTheClientSaw = (
  question: FlowQuestion,
  entries: readonly SeenEntry[],
  packets: readonly SeenPacket[],
  asking: boolean,
  refusedNow: boolean,
): FlowEvidence['seen'] => {
  const mine = atClient(question, packets);
  const toClient = mine.filter(
    (v) =>
      v.src === question.dst && v.dst === question.src && (question.src !== question.dst || v.sport === question.dport),
  );
  const fromClient = mine.filter(
    (v) => v.dst === question.dst && (question.src !== question.dst || v.dport === question.dport),
  );
  const error = packets.find((p) => p.leg === 'error');
  if (question.proto === 'tcp') {
    const stuck = stalled(packets);
    const shook =
      toClient.some((v) => v.tcpFlags === 'S.') &&
      fromClient.some((v) => v.tcpFlags !== undefined && !v.tcpFlags.includes('S') && !v.tcpFlags.includes('R'));
    if (shook) return stuck || isUnheard(toClient, fromClient) ? 'stalled' : isCutOff(question, mine) ? 'reset' : 'ok';
    if (toClient.some((v) => v.tcpFlags?.includes('R'))) return 'refused';
    if (error) return error.layer?.icmp?.includes('port') ? 'refused' : 'unreachable';
    const state = entryState(question, entries, refusedNow);
    if (state === 'good') return stuck ? 'stalled' : 'ok';
    const syns = fromClient.filter((v) => v.tcpFlags === 'S');
    if (state === 'stuck' || syns.length > 1 || asking || isAskedAgain(packets)) return 'timeout';
    return state === 'closed' ? 'reset' : 'unknown';
  }
  const answered = cameBack(question, packets);
  if (answered) return 'ok';
  if (error) return error.layer?.icmp?.includes('port') ? 'refused' : 'unreachable';
  const entry = ofFlow(question, entries)[0]?.entry;
  const asked = fromClient.length > 1;
  // The answer was seen on its way, and not where the client's packets were seen first.
  if (answered === false && asked) return 'timeout';
  // conntrack counts an answer before routing may still drop it: a replied entry does not say that the client has it.
  if (entry) return entry.unreplied || (asked && isCapturedAtClient(question, packets)) ? 'timeout' : 'unknown';
  return asked ? 'timeout' : 'unknown';
};

/** One SYN of the flow passed one place again and again, under whatever name it has there, and nothing but SYNs ever followed it. */
const isAskedAgain = (packets: readonly SeenPacket[]): boolean => {
  const times = new Map<string, number>();
  for (const { leg, layer, namespace, view, wrapping } of packets) {
    if (leg !== 'forward' || layer?.tcpFlags === undefined) continue;
    if (layer.tcpFlags !== 'S') return false;
    const place = `${namespace} ${view.device ?? ''} ${view.direction ?? ''} ${wrapping}`;
    const syn = `${place} ${layer.src} ${layer.sport} ${layer.dst} ${layer.dport} ${layer.seq}`;
    times.set(syn, (times.get(syn) ?? 0) + 1);
  }
  return [...times.values()].some((n) => n > 1);
};

/**
 * Whether an answer under the client's own name was seen where the client's packets were seen first: at the server's side or in between it has not
 * arrived yet. Undefined where no answer was seen at all.
 */
const cameBack = (question: FlowQuestion, packets: readonly SeenPacket[]): boolean | undefined => {
  const isAnswer = ({ layer, leg }: SeenPacket) =>
    layer !== undefined &&
    leg !== 'error' &&
    layer.src === question.dst &&
    layer.dst === question.src &&
    (question.src !== question.dst || layer.sport === question.dport);
  const back = packets.filter(isAnswer);
  if (back.length === 0) return undefined;
  const first = packets.find(
    (p) => p.leg === 'forward' && p.layer?.src === question.src && p.layer.dst === question.dst,
  );
  if (!first) return true;
  // The client's own host may send by one device and get the answer by another.
  const isOwn = first.namespace === senderOf(question);
  return back.some(
    (p) =>
      p.namespace === first.namespace && (isOwn || p.view.device === undefined || p.view.device === first.view.device),
  );
};

/** Whether a capture in the client's own namespace saw its packets go: what comes back would be there too. */
const isCapturedAtClient = (question: FlowQuestion, packets: readonly SeenPacket[]): boolean =>
  packets.some((p) => p.namespace === senderOf(question) && p.leg === 'forward' && p.layer?.dst === question.dst);

/**
 * The server repeats its SYN-ACK to a client that has acknowledged it, and never says anything else: the client's ACKs do not reach its socket. True where
 * that holds of every connection that was seen.
 */
const isUnheard = (toClient: readonly PacketView[], fromClient: readonly PacketView[]): boolean => {
  const ports = new Set(fromClient.flatMap((v) => (v.tcpFlags === '.' ? [v.sport] : [])));
  return (
    ports.size > 0 &&
    [...ports].every((port) => {
      const answers = toClient.filter((v) => v.dport === port);
      const sequences = new Set(answers.map((v) => v.seq));
      // Each place that sees the flow sees each packet once.
      const places = new Set(answers.map((v) => `${v.source.file} ${v.device ?? ''} ${v.direction ?? ''}`)).size;
      return answers.every((v) => v.tcpFlags === 'S.') && answers.length > places && sequences.size === 1;
    })
  );
};

/** Every connection that came about was reset by the server's side before either side had ended it. */
const isCutOff = (question: FlowQuestion, views: readonly PacketView[]): boolean => {
  const clientPort = (v: PacketView) => (v.src === question.src && v.dport === question.dport ? v.sport : v.dport);
  const ports = new Set(views.filter((v) => v.tcpFlags === 'S.').map((v) => v.dport));
  return (
    ports.size > 0 &&
    [...ports].every((port) => {
      const own = views.filter((v) => clientPort(v) === port);
      return (
        own.some((v) => v.tcpFlags?.includes('R') && v.dst === question.src && v.dport === port) &&
        !own.some((v) => v.tcpFlags?.includes('F'))
      );
    })
  );
};

const ofFlow = (question: FlowQuestion, entries: readonly SeenEntry[]): readonly SeenEntry[] =>
  entries.filter((e) => e.entry.original.src === question.src && e.entry.original.dst === question.dst);

const entryState = (
  question: FlowQuestion,
  entries: readonly SeenEntry[],
  refusedNow: boolean,
): 'good' | 'stuck' | 'closed' | undefined => {
  const states = ofFlow(question, entries).map((e) => e.entry);
  const isGood = (state: string) => state === 'ESTABLISHED' || (ENDED_STATES.has(state) && !refusedNow);
  if (states.some((e) => isGood(e.state ?? '') && !e.unreplied)) return 'good';
  if (states.some((e) => e.state === 'SYN_SENT' || e.state === 'SYN_RECV')) return 'stuck';
  return states.some((e) => e.state === 'CLOSE') ? 'closed' : undefined;
};

/** Data sent again and again at one place, and never acknowledged. */
const stalled = (packets: readonly SeenPacket[]): boolean => stuckSegments(placed(packets), 1).length > 0;

/** The flow's large segments that are stuck. */
export const stuckOf = (packets: readonly SeenPacket[]): readonly StuckSegment[] => stuckSegments(placed(packets));

/** The flow's packets by the place that saw them. */
const placed = (packets: readonly SeenPacket[]): readonly PlacedPacket[] =>
  packets.flatMap((p) =>
    p.layer
      ? [{ place: `${p.namespace} ${p.view.device ?? ''} ${p.view.direction ?? ''} ${p.wrapping}`, view: p.layer }]
      : [],
  );
