import type { NetNamespace } from '../../network/namespace.ts';
import { isLoopback, isMulticast, isUnspecified, prefixContains } from '../../tables/address.ts';
import { forwarding } from './device-conf.ts';
import { lookupRoute } from './lookup.ts';
import type { InputReason, InputResult, RouteAnswer, RouteQuestion } from './outcome.ts';

/** ICMPv6 destination unreachable codes: no route, prohibited, beyond the scope of the source. */
const UNREACHABLE = 1;

const REJECTED: ReadonlyMap<RouteAnswer['type'], { readonly reason: InputReason; readonly code: number | undefined }> =
  new Map([
    ['blackhole', { reason: 'blackhole', code: undefined }],
    ['unreachable', { reason: 'unreachable', code: 0 }],
    ['prohibit', { reason: 'prohibit', code: 1 }],
    ['none', { reason: 'no-route', code: 0 }],
  ]);

/** ip6_rcv_core's address checks, ip6_route_input, and what ip6_forward refuses before it asks XFRM. There is no reverse-path filter. */
export const inputRoute6 = (ns: NetNamespace, q: RouteQuestion, iif: string): readonly InputResult[] => {
  const src = q.src ?? '::';
  if (isMulticast(src)) return [result('martian-source', undefined, { src })];
  if (iif !== 'lo' && isLoopback(src)) return [result('martian-source', undefined, { src })];
  // What DNAT made a packet to ::1 of needs a route by the device that it came in by (rt6_need_strict).
  if (iif !== 'lo' && isLoopback(q.dst)) {
    const strict = lookupRoute(ns, { ...q, oif: iif }).filter(({ dev }) => dev === iif);
    if (strict.length > 0) return strict.map((answer) => decide(ns, q, iif, answer));
    return [{ ...result('martian-destination', undefined, { dst: q.dst }), icmp: { type: UNREACHABLE, code: 0 } }];
  }
  return lookupRoute(ns, q).map((answer) => decide(ns, q, iif, answer));
};

const result = (
  reason: InputReason,
  answer: RouteAnswer | undefined,
  values: InputResult['values'] = {},
): InputResult => ({
  decision: 'drop',
  reason,
  icmp: undefined,
  answer,
  values,
  proofs: answer?.proofs ?? [],
  assumptions: answer?.assumptions ?? [],
});

const decide = (ns: NetNamespace, q: RouteQuestion, iif: string, answer: RouteAnswer): InputResult => {
  if (answer.type === 'unknown') return { ...result('routes-unknown', answer), decision: 'unknown' };
  if (answer.type === 'local' || answer.type === 'anycast') return { ...result('local', answer), decision: 'local' };
  if (answer.type === 'multicast') return { ...result('multicast', answer), decision: 'multicast' };
  // Errors are answered before forwarding is looked at: the route's own input handler sends them (ip6_pkt_discard).
  const rejected = REJECTED.get(answer.type);
  if (rejected) {
    const icmp = rejected.code === undefined ? undefined : { type: UNREACHABLE, code: rejected.code };
    return { ...result(rejected.reason, answer), icmp };
  }
  const forwards = forwarding(ns, 6, iif);
  if (forwards.value === 0)
    return {
      ...result('no-forwarding', answer, { device: iif, sysctl: 'net.ipv6.conf.all.forwarding' }),
      proofs: [...forwards.sources, ...answer.proofs],
    };
  const src = q.src ?? '::';
  if (isUnspecified(src) || isLoopback(src)) return result('martian-source', answer, { src });
  if (prefixContains('fe80::/10', src))
    return { ...result('martian-source', answer, { src }), icmp: { type: UNREACHABLE, code: 2 } };
  return {
    ...result('forward', answer),
    decision: 'forward',
    assumptions: [...answer.assumptions, ...forwards.assumptions],
  };
};
