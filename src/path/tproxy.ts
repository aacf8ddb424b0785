import { knows } from '../network/namespace.ts';
import { type Branch, decisive, finish, type Stage, type StepParts } from './branch.ts';
import { bridgeCallsIptables } from './device/bridge.ts';
import type { TableOutcome } from './netfilter/outcome.ts';
import { listenerFor, socketsKnown } from './socket.ts';

/** The address that TPROXY looks for where the rule names none: the first of the device that the packet came in by, else the packet's own (nf_tproxy_laddr4). */
const ownAddress = ({ namespace, iif, packet }: Branch): string | undefined =>
  namespace.links.get(iif ?? '')?.addresses.find((a) => a.family === packet.family)?.address ??
  (knows(namespace, 'ip-addr') ? packet.dst : undefined);

/** br_netfilter runs PREROUTING before IP has the packet, and ip_rcv_core takes every socket off (skb_orphan): only the mark is left of TPROXY. */
const isOnBridge = (b: Branch): boolean => b.physIn !== undefined && bridgeCallsIptables(b) !== false;

/**
 * tproxy_tg4, tproxy_tg6: what belongs to no connection of this host is given to a listener of its without a change of the addresses, or dropped where nobody
 * listens. Whether the listener asked for IP_TRANSPARENT, no capture tells. Undefined where the bundle does not decide it.
 */
export const tproxied = (
  b: Branch,
  target: NonNullable<TableOutcome['tproxy']>,
  parts: Omit<StepParts, 'action' | 'verdict'>,
): Branch | undefined => {
  const { namespace, packet } = b;
  const address = target.address ?? ownAddress(b);
  const port = target.port ?? packet.dport;
  if (address === undefined || port === undefined) return undefined;
  const listener = listenerFor(namespace, { ...packet, dst: address, dport: port });
  if (listener) return isOnBridge(b) ? b : { ...b, assigned: listener };
  if (!socketsKnown(namespace, packet.proto)) return undefined;
  const read = namespace.captureSources.get('sockets') ?? [];
  return finish(b, {
    ...parts,
    action: { code: 'tproxy-no-listener', values: { address, port, proto: packet.proto } },
    verdict: 'drop',
    proofs: [...(parts.proofs ?? []), ...read.map((source) => ({ source, role: 'decisive' as const }))],
  });
};

/** ip_forward, ip6_forward: what TPROXY gave to a socket and no routing rule keeps on this host is dropped without a word. */
export const notAssigned: Stage = (_world, b) => {
  const { assigned, route } = b;
  if (!assigned) return [b];
  return [
    finish(b, {
      place: 'routing',
      stage: 'fib',
      device: b.iif,
      action: {
        code: 'tproxy-not-local',
        values: { port: assigned.localPort ?? 0, mark: b.packet.mark, device: route?.dev ?? '' },
      },
      verdict: 'drop',
      proofs: [
        ...decisive(assigned),
        ...(route?.proofs ?? []).map((source) => ({ source, role: 'decisive' as const })),
      ],
    }),
  ];
};
