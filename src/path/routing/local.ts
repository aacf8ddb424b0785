import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Link, LinkAddress } from '../../records/link.ts';
import type { NextHop, Route } from '../../records/route.ts';
import type { Source } from '../../records/source.ts';
import { addressFamily, addressWords, numberToIpv4 } from '../../tables/address.ts';
import { indexOf, matching, type TableIndex, tablesOf } from './table-index.ts';

/**
 * The local table, as a dump shows it or, where the dump holds main only (plain `ip route`), as the kernel makes it from the
 * namespace's addresses (fib_add_ifaddr, addrconf). Addresses of devices that are down count: they were added after the device went
 * down, as on kube-ipvs0.
 */
export const localTable = (
  ns: NetNamespace,
  family: 4 | 6,
): { readonly index: TableIndex; readonly dumped: boolean } => {
  const dumped = tablesOf(ns.routes, family).get('local');
  if (dumped) return { index: dumped, dumped: true };
  return { index: fromAddresses(ns, family), dumped: false };
};

/** Whether the namespace can say which addresses are its own. */
export const knowsLocal = (ns: NetNamespace, family: 4 | 6): boolean =>
  tablesOf(ns.routes, family).has('local') || knows(ns, 'ip-addr');

/** RTN_LOCAL: a packet for this address is for the namespace itself. */
export const isLocalAddress = (ns: NetNamespace, address: string): boolean => localProof(ns, address) !== undefined;

/** The line that makes an address local. */
export const localProof = (ns: NetNamespace, address: string): Source | undefined => {
  const family = addressFamily(address);
  if (family === undefined) return undefined;
  for (const { routes } of matching(localTable(ns, family).index, address)) {
    const [first] = routes;
    if (first) return first.type === 'local' || first.type === 'anycast' ? first.source : undefined;
  }
  return undefined;
};

/** An address of one of the namespace's devices (inet_lookup_ifaddr_rcu): no route asked. */
export const ownAddress = (ns: NetNamespace, address: string): { link: Link; address: LinkAddress } | undefined =>
  addressesOf(ns.links).get(address);

const addressCache = new WeakMap<
  ReadonlyMap<string, Link>,
  ReadonlyMap<string, { link: Link; address: LinkAddress }>
>();

const addressesOf = (links: ReadonlyMap<string, Link>): ReadonlyMap<string, { link: Link; address: LinkAddress }> => {
  const cached = addressCache.get(links);
  if (cached) return cached;
  const made = new Map<string, { link: Link; address: LinkAddress }>();
  for (const link of links.values())
    for (const address of link.addresses) if (!made.has(address.address)) made.set(address.address, { link, address });
  addressCache.set(links, made);
  return made;
};

const cache = new WeakMap<NetNamespace, Partial<Record<4 | 6, TableIndex>>>();

const fromAddresses = (ns: NetNamespace, family: 4 | 6): TableIndex => {
  const known = cache.get(ns) ?? {};
  cache.set(ns, known);
  const cached = known[family];
  if (cached) return cached;
  const routes: Route[] = [];
  for (const link of ns.links.values())
    for (const address of link.addresses) if (address.family === family) routes.push(...routesOf(link, address));
  // A connected route's source is an address of the host, even where no address listing says so.
  for (const route of ns.routes)
    if (route.family === family && route.proto === 'kernel' && route.src !== undefined && !ownAddress(ns, route.src))
      routes.push(made(family, route.src, 'local', route.nextHops, route.src, route.source));
  const lo = family === 4 ? '127.0.0.0/8' : '::1/128';
  const src = family === 4 ? '127.0.0.1' : '::1';
  routes.push(made(family, lo, 'local', [hopOver('lo')], src, ns.links.get('lo')?.source ?? { file: '', line: 0 }));
  const index = indexOf(routes);
  known[family] = index;
  return index;
};

const routesOf = (link: Link, address: LinkAddress): readonly Route[] => {
  const { family, source } = address;
  const own = {
    ...made(family, address.address, 'local', [hopOver(link.name)], address.address, source),
    ...(address.origin ? { origin: address.origin } : {}),
  };
  // The network's length is known for sure only where the address was listed.
  if (address.origin) return [own];
  if (family === 6 || address.prefixLength >= 31 || address.scope === 'host') return [own];
  const words = addressWords(address.peer ?? address.address);
  if (!words) return [own];
  const broadcast = numberToIpv4(((words[0] ?? 0) | (2 ** (32 - address.prefixLength) - 1)) >>> 0);
  return [own, made(family, broadcast, 'broadcast', [hopOver(link.name)], address.address, source)];
};

const hopOver = (dev: string): NextHop => ({ via: undefined, dev, weight: 1, onlink: false, flags: [] });

const made = (
  family: 4 | 6,
  prefix: string,
  type: 'local' | 'broadcast',
  nextHops: readonly NextHop[],
  src: string,
  source: Source,
): Route => ({
  source,
  family,
  type,
  prefix: prefix.includes('/') ? prefix : `${prefix}/${family === 4 ? 32 : 128}`,
  table: 'local',
  proto: 'kernel',
  scope: type === 'local' ? 'host' : 'link',
  src: family === 4 ? src : undefined,
  metric: 0,
  tos: undefined,
  mtu: undefined,
  advmss: undefined,
  nextHops,
  nhid: undefined,
});
