import type { Link, LinkAddress } from '../records/link.ts';
import type { Route } from '../records/route.ts';
import { canonicalPrefix } from '../tables/address.ts';
import { type AddressChange, CHANGED, type LinkChange } from './change.ts';
import type { NetNamespace } from './namespace.ts';

/**
 * ip addr add and del. With an address come and go the routes that the kernel itself makes (fib_add_ifaddr, fib_del_ifaddr,
 * addrconf_prefix_route): its local route, and the route to its network while the device is up.
 */
export const changeAddress = (ns: NetNamespace, change: AddressChange): NetNamespace => {
  const link = ns.links.get(change.device);
  if (!link) return ns;
  if (change.op === 'add') {
    const address: LinkAddress = { ...change.record, source: CHANGED };
    if (link.addresses.some((a) => a.address === address.address && a.prefixLength === address.prefixLength)) return ns;
    const routes = [...localRoute(ns, link, address), ...(isUp(link) ? networkRoute(ns, link, address) : [])];
    return { ...withLink(ns, { ...link, addresses: [...link.addresses, address] }), routes: [...ns.routes, ...routes] };
  }
  const gone = link.addresses.filter((a) => a.address === change.address);
  if (gone.length === 0) return ns;
  const kept = withLink(ns, { ...link, addresses: link.addresses.filter((a) => a.address !== change.address) });
  return { ...kept, routes: ns.routes.filter((route) => !madeFor(route, link.name, gone)) };
};

const isUp = (link: Link): boolean => link.flags.includes('UP');

/** ip link set: `up` brings the routes to the device's own networks, `down` takes all routes over it (fib_disable_ip). */
export const changeLink = (ns: NetNamespace, change: LinkChange): NetNamespace => {
  const link = ns.links.get(change.device);
  if (!link) return ns;
  const changed: Link = {
    ...link,
    mtu: change.mtu ?? link.mtu,
    hairpin: change.hairpin ?? link.hairpin,
    ...(change.up === undefined || change.up === isUp(link)
      ? {}
      : { flags: flagsWith(link, change.up), state: change.up ? 'UP' : 'DOWN' }),
  };
  const withDevice = withLink(ns, changed);
  if (isUp(changed) === isUp(link)) return withDevice;
  if (!isUp(changed)) return { ...withDevice, routes: ns.routes.flatMap((route) => withoutDevice(route, link.name)) };
  const routes = link.addresses.flatMap((address) => [
    ...localRoute(ns, link, address),
    ...networkRoute(ns, link, address),
  ]);
  return { ...withDevice, routes: [...ns.routes, ...routes] };
};

const withLink = (ns: NetNamespace, link: Link): NetNamespace => ({
  ...ns,
  links: new Map(ns.links).set(link.name, link),
});

const flagsWith = (link: Link, up: boolean): readonly string[] => {
  const others = link.flags.filter((flag) => flag !== 'UP' && flag !== 'LOWER_UP');
  return up ? [...others, 'UP', 'LOWER_UP'] : others;
};

/** IPv4 local addresses stay when a device goes down only if they were added while it was down; a change takes them with it. */
const withoutDevice = (route: Route, device: string): readonly Route[] => {
  const nextHops = route.nextHops.filter((hop) => hop.dev !== device);
  if (nextHops.length === route.nextHops.length) return [route];
  return nextHops.length === 0 ? [] : [{ ...route, nextHops }];
};

/** Routes that the kernel made for these addresses of the device. */
const madeFor = (route: Route, device: string, gone: readonly LinkAddress[]): boolean => {
  if (!route.nextHops.some((hop) => hop.dev === device)) return false;
  return gone.some((address) => {
    if (route.family !== address.family) return false;
    if (route.table === 'local') return route.prefix === hostPrefix(address) || route.src === address.address;
    return route.proto === 'kernel' && route.src === address.address;
  });
};

const hostPrefix = (address: LinkAddress): string => `${address.address}/${address.family === 4 ? 32 : 128}`;

/** The route that makes an address the host's own. None where the capture has no local table: the lookup takes it from the address then. */
const localRoute = (ns: NetNamespace, link: Link, address: LinkAddress): readonly Route[] => {
  const isDumped = ns.routes.some((route) => route.table === 'local' && route.family === address.family);
  const isThere = ns.routes.some(
    (r) => r.table === 'local' && r.prefix === hostPrefix(address) && r.nextHops[0]?.dev === link.name,
  );
  if (!isDumped || isThere) return [];
  return [{ ...route(link, address, hostPrefix(address)), type: 'local', table: 'local', scope: 'host' }];
};

const networkRoute = (ns: NetNamespace, link: Link, address: LinkAddress): readonly Route[] => {
  const prefix = canonicalPrefix(`${address.peer ?? address.address}/${address.prefixLength}`);
  if (prefix === undefined || prefix === hostPrefix(address)) return [];
  const isThere = ns.routes.some(
    (r) => r.table === 'main' && r.prefix === prefix && r.nextHops.some((hop) => hop.dev === link.name),
  );
  return isThere || !ns.captured.has('ip-route') ? [] : [route(link, address, prefix)];
};

const route = (link: Link, address: LinkAddress, prefix: string): Route => ({
  source: CHANGED,
  family: address.family,
  type: 'unicast',
  prefix,
  table: 'main',
  proto: 'kernel',
  scope: 'link',
  src: address.family === 4 ? address.address : undefined,
  metric: address.family === 4 ? 0 : 256,
  tos: undefined,
  mtu: undefined,
  advmss: undefined,
  nextHops: [{ via: undefined, dev: link.name, weight: 1, onlink: false, flags: [] }],
  nhid: undefined,
});
