import type { NetNamespace } from '../../network/namespace.ts';
import type { Source } from '../../records/source.ts';
import { isLoopback, isMulticast, prefixContains } from '../../tables/address.ts';
import type { Assumption } from '../vocabulary/assumptions.ts';
import { forwarding, largerOfAll, type Setting } from './device-conf.ts';
import { inputRoute6 } from './input6.ts';
import { lookupRoute } from './lookup.ts';
import type { InputReason, InputResult, RouteAnswer, RouteQuestion } from './outcome.ts';
import { vrfOf } from './rule-match.ts';
import { type Arrival, validateSource } from './validate-source.ts';

/**
 * What the namespace makes of a packet that came in by `iif`: ip_route_input_slow in its order (martian addresses, the lookup, source validation,
 * forwarding), ip6_route_input with ip6_forward's first checks for IPv6. Several results where the lookup has several answers.
 */
export const inputRoute = (
  ns: NetNamespace,
  question: RouteQuestion,
  iif: string,
  arrival: Arrival = { decrypted: false },
): readonly InputResult[] => {
  // A VRF's devices hand their packets over to the VRF device (l3mdev_ip_rcv).
  const device = vrfOf(ns, iif) ?? iif;
  const q: RouteQuestion = { ...question, iif: device, oif: undefined, uid: 0 };
  if (q.family === 6) return inputRoute6(ns, q, device);
  const early = martianAddress(ns, q, device);
  if (early) return [early];
  const answers = lookupRoute(ns, q);
  return answers.map((answer) => decide(ns, q, device, answer, arrival));
};

const isZeroNet = (address: string): boolean => prefixContains('0.0.0.0/8', address);
const BROADCAST = '255.255.255.255';

/** The checks that need no route. */
const martianAddress = (ns: NetNamespace, q: RouteQuestion, iif: string): InputResult | undefined => {
  const src = q.src ?? '0.0.0.0';
  if (isMulticast(src) || src === BROADCAST) return drop('martian-source', { src });
  if (isMulticast(q.dst)) return { ...drop('multicast', {}), decision: 'multicast' };
  if (q.dst === BROADCAST || (src === '0.0.0.0' && q.dst === '0.0.0.0'))
    return { ...drop('broadcast', {}), decision: 'broadcast' };
  if (isZeroNet(src)) return drop('martian-source', { src });
  if (isZeroNet(q.dst)) return drop('martian-destination', { dst: q.dst });
  // What this host sends to itself keeps its route over lo and is never asked here (skb_valid_dst).
  if (iif === 'lo') return undefined;
  const localnet = largerOfAll(ns, 4, iif, 'route_localnet');
  if (localnet.value > 0) return undefined;
  if (isLoopback(q.dst)) return drop('martian-destination', { dst: q.dst, sysctl: 'route_localnet' }, localnet);
  if (isLoopback(src)) return drop('martian-source', { src, sysctl: 'route_localnet' }, localnet);
  return undefined;
};

const drop = (
  reason: InputReason,
  values: InputResult['values'],
  by: { readonly sources: readonly Source[]; readonly assumptions: readonly Assumption[] } = {
    sources: [],
    assumptions: [],
  },
): InputResult => ({
  decision: 'drop',
  reason,
  icmp: undefined,
  answer: undefined,
  values,
  proofs: by.sources,
  assumptions: by.assumptions,
});

const REJECTED: ReadonlyMap<RouteAnswer['type'], { readonly reason: InputReason; readonly code: number | undefined }> =
  new Map([
    ['blackhole', { reason: 'blackhole', code: undefined }],
    ['unreachable', { reason: 'unreachable', code: 1 }],
    ['prohibit', { reason: 'prohibit', code: 13 }],
    ['none', { reason: 'no-route', code: 0 }],
  ]);

const decide = (
  ns: NetNamespace,
  q: RouteQuestion,
  iif: string,
  answer: RouteAnswer,
  arrival: Arrival,
): InputResult => {
  const base: InputResult = { ...drop('no-route', {}), answer, proofs: answer.proofs, assumptions: answer.assumptions };
  if (answer.type === 'unknown') return { ...base, decision: 'unknown', reason: 'routes-unknown' };
  if (answer.type === 'local' || answer.type === 'anycast')
    return iif === 'lo'
      ? { ...base, decision: 'local', reason: 'local' }
      : checked(ns, q, iif, undefined, { ...base, decision: 'local', reason: 'local' }, arrival);
  if (answer.type === 'broadcast')
    return checked(ns, q, iif, undefined, { ...base, decision: 'broadcast', reason: 'broadcast' }, arrival);
  const forwards = forwarding(ns, 4, iif);
  if (forwards.value === 0) return notForwarding(base, forwards, iif);
  const rejected = REJECTED.get(answer.type);
  if (rejected) return { ...base, reason: rejected.reason, icmp: icmpOf(answer, rejected.code) };
  if (answer.type !== 'unicast') return { ...base, reason: 'martian-destination', values: { dst: q.dst } };
  const on: InputResult = {
    ...base,
    decision: 'forward',
    reason: 'forward',
    assumptions: [...base.assumptions, ...forwards.assumptions],
  };
  return checked(ns, q, iif, answer.dev, on, arrival);
};

/** A rule's `unreachable` counts as no network at all (fib4_rule_action: -ENETUNREACH), a route's as no host. */
const icmpOf = (answer: RouteAnswer, code: number | undefined): InputResult['icmp'] => {
  if (code === undefined) return undefined;
  return { type: 3, code: answer.type === 'unreachable' && !answer.route ? 0 : code };
};

/** ip_error says nothing to anybody where the device does not forward; only IpInAddrErrors grows. */
const notForwarding = (base: InputResult, forwards: Setting, iif: string): InputResult => ({
  ...base,
  reason: 'no-forwarding',
  values: { device: iif, sysctl: 'ip_forward' },
  proofs: [...forwards.sources, ...base.proofs],
});

const checked = (
  ns: NetNamespace,
  q: RouteQuestion,
  iif: string,
  oif: string | undefined,
  result: InputResult,
  arrival: Arrival,
): InputResult => {
  const source = validateSource(ns, q, iif, oif, arrival);
  const assumptions = [...result.assumptions, ...source.assumptions];
  if (source.verdict === 'ok') return { ...result, assumptions };
  return {
    ...result,
    decision: 'drop',
    reason: source.verdict,
    values: { src: q.src ?? '', ...source.values },
    proofs: source.proofs,
    assumptions,
  };
};
