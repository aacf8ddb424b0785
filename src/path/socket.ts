import { knows, type NetNamespace } from '../network/namespace.ts';
import type { Socket } from '../records/socket.ts';
import { assume, type Branch, decisive, finish, type Stage, type World } from './branch.ts';
import type { Packet } from './packet.ts';

const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::', '*', '[::]']);

const listens = (socket: Socket, p: Packet): boolean => {
  if (socket.localPort !== p.dport || !socket.proto.startsWith(p.proto)) return false;
  if (socket.state !== 'LISTEN' && socket.state !== 'UNCONN' && socket.state !== '') return false;
  if (socket.local === p.dst) return true;
  if (socket.local === '0.0.0.0') return p.family === 4;
  // A wildcard IPv6 socket takes IPv4 too unless it is v6only.
  if (ANY.has(socket.local)) return p.family === 6 || socket.v6only !== true;
  return false;
};

/** The socket that would take a new packet to this address and port. */
export const listenerFor = (ns: NetNamespace, p: Packet): Socket | undefined =>
  ns.sockets.find((socket) => listens(socket, p));

/** Whether the namespace's listening sockets of a protocol are known: TCP and UDP are often captured apart. */
export const socketsKnown = (ns: NetNamespace, proto: string): boolean => {
  if (!knows(ns, 'sockets')) return false;
  if (ns.sockets.some((socket) => socket.proto.startsWith(proto))) return true;
  return (ns.captureSources.get('sockets')?.length ?? 0) > 1;
};

/**
 * tcp_v4_rcv, __udp4_lib_rcv, icmp_echo: a listener takes the packet; without one TCP answers with a reset and UDP with ICMP port unreachable.
 * Replies are matched against the sender's socket by the walk itself.
 */
export const atSocket: Stage = (world, b) => {
  const p = b.packet;
  const values = { dst: p.dst, port: p.dport ?? 0, proto: p.proto };
  if (world.awaited) return [answer(world.awaited, b)];
  if (p.icmp || (p.proto !== 'tcp' && p.proto !== 'udp' && p.proto !== 'sctp'))
    return [
      finish(b, {
        place: 'socket',
        stage: 'socket',
        device: b.iif,
        action: { code: 'socket', values },
        verdict: 'deliver',
      }),
    ];
  const listener = b.assigned ?? listenerFor(b.namespace, p);
  if (listener)
    return [
      finish(b, {
        place: 'socket',
        stage: 'socket',
        device: b.iif,
        action: { code: 'socket', values: { ...values, process: listener.process ?? '' } },
        verdict: 'deliver',
        proofs: decisive(listener),
      }),
    ];
  if (!socketsKnown(b.namespace, p.proto)) {
    const assumed = assume(b, {
      code: 'listener-assumed',
      values,
      missing: { kind: 'sockets', namespace: b.namespace.id },
      source: undefined,
    });
    return [
      finish(assumed, {
        place: 'socket',
        stage: 'socket',
        device: b.iif,
        action: { code: 'socket-assumed', values },
        verdict: 'deliver',
      }),
    ];
  }
  const read = b.namespace.captureSources.get('sockets') ?? [];
  return [
    finish(b, {
      place: 'socket',
      stage: 'socket',
      device: b.iif,
      action: { code: 'no-listener', values },
      verdict: p.proto === 'tcp' ? 'reset' : 'reject',
      proofs: read.map((source) => ({ source, role: 'decisive' as const })),
    }),
  ];
};

const same = (a: number | undefined, b: number | undefined): boolean => a === undefined || b === undefined || a === b;

/** Whether the packet is the mirror image of what was sent: only then does the sender's socket know it. */
export const answers = (sent: Packet, p: Packet): boolean => (p.inner ? quotes(sent, p.inner) : mirrors(sent, p));

/** A port (or echo id) that NAT drew and nobody gave back is not the one that the sender knows. */
const isGivenBack = (own: number | undefined, got: number | undefined): boolean => own === undefined || got === own;

/** An ICMP error finds the socket of the packet that it quotes; ping's by the echo's id alone (ping_lookup). */
const quotes = (sent: Packet, quoted: Packet): boolean => {
  if (quoted.proto !== sent.proto) return false;
  if (quoted.icmp) return isGivenBack(sent.icmp?.id, quoted.icmp.id);
  const { src, dst, sport, dport } = quoted;
  return src === sent.src && dst === sent.dst && isGivenBack(sent.sport, sport) && same(dport, sent.dport);
};

const mirrors = (sent: Packet, p: Packet): boolean =>
  p.proto === sent.proto &&
  p.src === sent.dst &&
  p.dst === sent.src &&
  isGivenBack(sent.dport, p.sport) &&
  (p.icmp ? isGivenBack(sent.icmp?.id, p.icmp.id) : isGivenBack(sent.sport, p.dport));

/** tcp_v4_rcv: an answer under another name than the one that was asked meets no socket and is reset. */
const answer = (awaited: NonNullable<World['awaited']>, b: Branch): Branch => {
  const p = b.packet;
  const here = awaited.namespace === b.namespace.id;
  const values = {
    src: p.src,
    sport: p.sport ?? 0,
    dst: p.dst,
    dport: p.dport ?? 0,
    expectedSrc: awaited.packet.dst,
    expectedPort: awaited.packet.dport ?? 0,
  };
  // ping_lookup: a ping that named no source takes an answer to any address of its host.
  const asked = awaited.unbound && p.icmp && !p.inner ? { ...p, dst: awaited.packet.src } : p;
  if (here && answers(awaited.packet, asked))
    return finish(b, {
      place: 'socket',
      stage: 'socket',
      device: b.iif,
      action: { code: 'socket', values },
      verdict: 'deliver',
    });
  if (p.tcp === 'ack')
    return finish(b, {
      place: 'socket',
      stage: 'socket',
      device: b.iif,
      action: { code: 'no-connection', values },
      verdict: 'reset',
    });
  return finish(b, {
    place: 'socket',
    stage: 'socket',
    device: b.iif,
    action: { code: here ? 'answer-from-stranger' : 'answer-elsewhere', values },
    verdict: 'drop',
  });
};
