import type { NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import { lookupRoute } from '../../path/routing/lookup.ts';
import type { RouteAnswer } from '../../path/routing/outcome.ts';
import type { Step } from '../../path/step.ts';
import { isInferred } from '../../records/origin.ts';
import type { Route, RouteRule } from '../../records/route.ts';
import { isAt } from '../../records/source.ts';
import { prefixContains, prefixLength } from '../../tables/address.ts';

/** The route or rule that a routing step quotes. */
export const routeOfStep = (ns: NetNamespace, step: Step): Route | undefined =>
  ns.routes.find((r) => step.proofs.some((p) => isAt(r, p.source)));
export const ruleOfStep = (ns: NetNamespace, step: Step): RouteRule | undefined =>
  ns.rules.find((r) => step.proofs.some((p) => isAt(r, p.source)));

/** A plain lookup from nowhere in particular. */
export const routeTo = (ns: NetNamespace, address: string): RouteAnswer | undefined =>
  lookupRoute(ns, {
    family: address.includes(':') ? 6 : 4,
    dst: address,
    src: undefined,
    iif: undefined,
    oif: undefined,
    mark: 0,
    proto: undefined,
    sport: undefined,
    dport: undefined,
    uid: undefined,
    tos: undefined,
  })[0];

export const isDefault = (route: Route | undefined): boolean => route !== undefined && prefixLength(route.prefix) === 0;

/** A node's own route in the main table that covers an address and is no default route; the narrowest. That packets were seen to go by a device is none. */
export const specificRoute = (ns: NetNamespace, address: string): Route | undefined =>
  ns.routes
    .filter(
      (r) =>
        !isInferred(r) &&
        r.table === 'main' &&
        r.type === 'unicast' &&
        !isDefault(r) &&
        prefixContains(r.prefix, address),
    )
    .sort((a, b) => (prefixLength(b.prefix) ?? 0) - (prefixLength(a.prefix) ?? 0))[0];

/** Nodes that have a route of their own to an address, and the route. */
export const routesElsewhere = (
  network: Network,
  not: readonly string[],
  address: string,
): readonly { readonly namespace: NetNamespace; readonly route: Route }[] =>
  network.nodes.flatMap(({ host, name }) => {
    const route = not.includes(name) ? undefined : specificRoute(host, address);
    return route ? [{ namespace: host, route }] : [];
  });

/** The namespace that holds an address on a device of its own: a pod's, or a host's. */
export const holderOf = (network: Network, address: string): NetNamespace | undefined =>
  network.owners(address).find((o) => o.link.kind !== 'dummy' && !o.link.flags.includes('LOOPBACK'))?.namespace;
