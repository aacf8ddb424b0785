import type { NetNamespace } from '../../network/namespace.ts';
import type { ReversePathFlags, Tri } from '../netfilter/outcome.ts';
import type { Packet } from '../packet.ts';
import { lookupRoute } from './lookup.ts';
import type { RouteAnswer } from './outcome.ts';

/**
 * rpfilter_lookup_reverse (-m rpfilter) and nft_fib: whether the route to the packet's source leads out of the device that it came in by. A source that is the
 * node's own passes only with `--accept-local`; `--loose` is content with any route.
 */
export const reversePath = (ns: NetNamespace, packet: Packet, iif: string, flags: ReversePathFlags): Tri => {
  const answers = lookupRoute(ns, {
    family: packet.family,
    dst: packet.src,
    src: packet.dst,
    iif: 'lo',
    oif: undefined,
    mark: flags.validMark ? packet.mark : 0,
    proto: packet.proto,
    sport: packet.dport,
    dport: packet.sport,
    uid: 0,
    tos: undefined,
  });
  if (answers.some((answer) => answer.type === 'unknown'))
    return { value: undefined, why: 'routes-unknown', missing: { kind: 'ip-route', namespace: ns.id } };
  const values = new Set(answers.map((answer) => leadsBack(answer, iif, flags)));
  if (values.size > 1) return { value: undefined, why: 'route-undecided', missing: undefined };
  return values.has(true) ? { value: true } : { value: false };
};

const leadsBack = (answer: RouteAnswer, iif: string, flags: ReversePathFlags): boolean => {
  if (answer.type !== 'unicast' && !(answer.type === 'local' && flags.acceptLocal)) return false;
  return flags.loose || (answer.route?.nextHops.some((hop) => hop.dev === iif) ?? answer.dev === iif);
};
