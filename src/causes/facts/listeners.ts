import type { NetNamespace } from '../../network/namespace.ts';
import type { Packet } from '../../path/packet.ts';
import type { Socket } from '../../records/socket.ts';
import { isLoopback } from '../../tables/address.ts';

const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::', '*']);

const isListening = (socket: Socket, proto: string): boolean =>
  socket.proto.startsWith(proto) && (socket.state === 'LISTEN' || socket.state === 'UNCONN' || socket.state === '');

/** Sockets of the namespace that wait for packets of a protocol, whatever their port. */
export const listenersOf = (ns: NetNamespace, proto: string): readonly Socket[] =>
  ns.sockets.filter((s) => isListening(s, proto) && s.localPort !== undefined);

/** Sockets on the packet's port that do not take it: bound to another address, or to the other family only. */
export const deafListeners = (ns: NetNamespace, p: Packet): readonly Socket[] =>
  listenersOf(ns, p.proto).filter((s) => s.localPort === p.dport && s.local !== p.dst);

/** Why a socket on the right port does not take packets for the address. */
export const deafness = (socket: Socket): 'loopback' | 'family' | 'address' =>
  isLoopback(socket.local) ? 'loopback' : ANY.has(socket.local) ? 'family' : 'address';

/** `127.0.0.1:8080` as ss prints it. */
export const socketText = (socket: Socket): string =>
  socket.local.includes(':')
    ? `[${socket.local}]:${socket.localPort ?? ''}`
    : `${socket.local}:${socket.localPort ?? ''}`;
