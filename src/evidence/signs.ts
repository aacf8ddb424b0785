import type { Network } from '../network/network.ts';
import type { FlowQuestion } from '../path/walk-result.ts';
import type { LoggedPacket } from '../records/logged-packet.ts';
import type { FlowName } from './names.ts';
import type { SeenSign } from './observation.ts';

/** Lines that repeat the same say no more after that many. */
const KEPT = 40;

/**
 * Lines of the kernel's own log about the flow's packets: under the name that was asked in every namespace's log, and under the names that translations give it where the
 * walk passes. A network namespace has no log of its own: a node's lines speak of all of its namespaces.
 */
export const signsOf = (network: Network, question: FlowQuestion, names: readonly FlowName[]): readonly SeenSign[] => {
  const found: SeenSign[] = [];
  for (const ns of network.namespaces.values()) {
    for (const message of ns.messages) {
      const { packet } = message;
      if (!packet || found.length >= KEPT) continue;
      const leg =
        legOf(packet, question) ?? names.find((n) => nodeOf(n.namespace) === ns.node && isNamed(packet, n))?.leg;
      if (leg) found.push({ namespace: ns.id, message, packet, leg });
    }
  }
  return found;
};

const nodeOf = (namespace: string): string => namespace.split('/')[0] ?? namespace;

const agrees = (a: number | undefined, b: number | undefined): boolean => a === undefined || b === undefined || a === b;

const sameProto = (logged: string | undefined, asked: string): boolean =>
  logged === undefined || logged === asked || (asked === 'icmp' && logged === 'icmp6');

/** Where a port was asked for, a line that was cut before its ports is not known to be this flow's. */
const legOf = (
  packet: LoggedPacket,
  { proto, src, sport, dst, dport }: FlowQuestion,
): 'forward' | 'reply' | undefined => {
  if (!sameProto(packet.proto, proto)) return undefined;
  const icmp = proto === 'icmp';
  const fits = (a: number | undefined, b: number | undefined) => icmp || agrees(a, b);
  if (packet.src === src && packet.dst === dst && fits(packet.sport, sport) && fits(packet.dport, dport))
    return 'forward';
  if (packet.src === dst && packet.dst === src && fits(packet.sport, dport) && fits(packet.dport, sport))
    return 'reply';
  return undefined;
};

const isNamed = (logged: LoggedPacket, { packet }: FlowName): boolean =>
  packet.spi === undefined &&
  logged.src === packet.src &&
  logged.dst === packet.dst &&
  sameProto(logged.proto, packet.proto) &&
  agrees(logged.sport, packet.sport) &&
  agrees(logged.dport, packet.dport);
