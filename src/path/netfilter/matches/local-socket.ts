import { knows } from '../../../network/namespace.ts';
import type { Socket } from '../../../records/socket.ts';
import type { Packet } from '../../packet.ts';
import type { HookQuestion } from '../outcome.ts';
import { type Answer, answerOf, type MatchCompiler, NO, option, unknown } from './answer.ts';

const isAny = (address: string): boolean => address === '*' || address === '0.0.0.0' || address === '::';

const isOfFamily = (socket: Socket, packet: Packet): boolean => {
  if (socket.local === '0.0.0.0') return packet.family === 4;
  return packet.family === 6 || socket.v6only !== true;
};

/** A socket that would take the packet: its own connection, or a listener of its port. */
const takes = (socket: Socket, packet: Packet): boolean => {
  if (!socket.proto.startsWith(packet.proto) || socket.localPort !== packet.dport) return false;
  if (isAny(socket.local) ? !isOfFamily(socket, packet) : socket.local !== packet.dst) return false;
  if (isAny(socket.peer) || socket.peerPort === undefined) return true;
  // The flow's own connection was not there yet when its SYN came.
  return packet.tcp !== 'syn' && socket.peer === packet.src && socket.peerPort === packet.sport;
};

/**
 * xt_socket: whether a local socket would take the packet. A socket that is bound to no address counts only with `--nowildcard`;
 * `--transparent` asks for a socket option that ss does not print.
 */
export const socket: MatchCompiler = (match) => {
  const transparent = option(match, '--transparent') !== undefined;
  const wildcards = option(match, '--nowildcard') !== undefined;
  return ({ namespace, packet, isAnswer }): Answer => {
    // The sender's own socket, which no dump need show any more.
    if (isAnswer) return transparent ? unknown('socket-option-unknown') : answerOf(true);
    if (packet.proto !== 'tcp' && packet.proto !== 'udp') return NO;
    if (!knows(namespace, 'sockets')) return unknown('socket-unknown', 'sockets', namespace);
    if (packet.dport === undefined) return unknown('port-unknown', 'tcpdump', namespace);
    const found = namespace.sockets.some((one) => (wildcards || !isAny(one.local)) && takes(one, packet));
    if (!found) return NO;
    return transparent ? unknown('socket-option-unknown') : answerOf(true);
  };
};

/** A forwarded packet came in by a device; only locally generated ones have a socket and an owner. */
const isForwarded = (question: HookQuestion): boolean =>
  question.hook === 'FORWARD' || question.hook === 'PREROUTING' || question.iif !== undefined;

/** xt_owner: without a socket it holds only if every option is inverted; whose a socket is, no capture tells. */
export const owner: MatchCompiler = (match) => {
  const allInverted = match.options.every((o) => o.invert);
  return (question) => (isForwarded(question) ? answerOf(allInverted) : unknown('owner-unknown'));
};

/** xt_cgroup, as xt_owner. */
export const cgroup: MatchCompiler = () => (question) => (isForwarded(question) ? NO : unknown('cgroup-unknown'));
