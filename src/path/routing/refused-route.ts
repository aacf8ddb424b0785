import type { NetNamespace } from '../../network/namespace.ts';
import type { Tri } from '../netfilter/outcome.ts';
import { lookupRoute } from './lookup.ts';
import type { RouteAnswer } from './outcome.ts';

/** Answers by which a packet cannot leave. */
export const REFUSING: ReadonlySet<RouteAnswer['type']> = new Set(['none', 'unreachable', 'prohibit', 'blackhole']);

/** match_lookup_rt6 (-m addrtype of IPv6): whether no route leads to the address, or one that refuses; by this device where one is given. */
export const isRouteRefused = (ns: NetNamespace, address: string, device: string | undefined): Tri => {
  const answers = lookupRoute(ns, {
    ...{ family: 6, dst: address, src: undefined, iif: undefined, oif: device, mark: 0 },
    ...{ proto: undefined, sport: undefined, dport: undefined, uid: 0, tos: undefined },
  });
  if (answers.some(({ type }) => type === 'unknown'))
    return { value: undefined, why: 'routes-unknown', missing: { kind: 'ip-route', namespace: ns.id } };
  const values = new Set(answers.map(({ type }) => REFUSING.has(type)));
  if (values.size > 1) return { value: undefined, why: 'route-undecided', missing: undefined };
  return values.has(true) ? { value: true } : { value: false };
};
