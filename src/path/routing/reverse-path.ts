import type { NetNamespace } from '../../network/namespace.ts';
import { isLinkLocal, isMulticast, prefixContains } from '../../tables/address.ts';
import type { ReversePathFlags, Tri } from '../netfilter/outcome.ts';
import type { Packet } from '../packet.ts';
import { lookupRoute } from './lookup.ts';
import type { RouteAnswer } from './outcome.ts';

/**
 * rpfilter_mt (-m rpfilter) and nft_fib: whether the route to the packet's source leads out of the device that it came in by. A source that is
 * the node's own passes only with `--accept-local`; `--loose` is content with any route. The lookup has no ports, and ipt_rpfilter's not even the
 * protocol, so that a rule by `dport` never applies to it.
 */
export const reversePath = (ns: NetNamespace, packet: Packet, iif: string, flags: ReversePathFlags): Tri => {
  const answers = lookupRoute(ns, {
    family: packet.family,
    dst: packet.src,
    src: isNoSource(packet.dst) ? undefined : packet.dst,
    iif: 'lo',
    // ip6t_rpfilter: a link-local source is looked for on the packet's own link (RT6_LOOKUP_F_IFACE).
    oif: packet.family === 6 && isLinkLocal(packet.src) ? iif : undefined,
    mark: flags.validMark ? packet.mark : 0,
    proto: packet.family === 6 || flags.withProtocol ? packet.proto : undefined,
    sport: 0,
    dport: 0,
    uid: 0,
    tos: undefined,
  });
  if (answers.some((answer) => answer.type === 'unknown'))
    return { value: undefined, why: 'routes-unknown', missing: { kind: 'ip-route', namespace: ns.id } };
  const values = new Set(answers.map((answer) => leadsBack(answer, packet.family, iif, flags)));
  if (values.size > 1) return { value: undefined, why: 'route-undecided', missing: undefined };
  return values.has(true) ? { value: true } : { value: false };
};

/** rpfilter_get_saddr: such a destination cannot be the answer's source. */
const isNoSource = (dst: string): boolean =>
  isMulticast(dst) || dst === '255.255.255.255' || prefixContains('0.0.0.0/8', dst);

/** IPv4 is content with any of several next hops (fib_info_nh_uses_dev), IPv6 asks the one that the lookup chose. */
const leadsBack = (answer: RouteAnswer, family: 4 | 6, iif: string, flags: ReversePathFlags): boolean => {
  if (answer.type !== 'unicast' && !(answer.type === 'local' && flags.acceptLocal)) return false;
  if (flags.loose || family === 6) return flags.loose || answer.dev === iif;
  return answer.route?.nextHops.some((hop) => hop.dev === iif) ?? answer.dev === iif;
};
