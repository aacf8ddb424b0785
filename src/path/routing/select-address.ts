import type { NetNamespace } from '../../network/namespace.ts';
import type { Link, LinkAddress } from '../../records/link.ts';
import { prefixContains } from '../../tables/address.ts';
import { largerOfAll } from './device-conf.ts';
import { vrfOf } from './rule-match.ts';
import { selectAddress6 } from './select-address6.ts';

const SCOPES: ReadonlyMap<string, number> = new Map([
  ['global', 0],
  ['universe', 0],
  ['site', 200],
  ['link', 253],
  ['host', 254],
  ['nowhere', 255],
]);

/** RT_SCOPE_… of its name or number; what is not printed is the whole universe. */
export const scopeValue = (scope: string | undefined): number =>
  scope === undefined ? 0 : (SCOPES.get(scope) ?? (/^\d+$/.test(scope) ? Number(scope) : 0));

/**
 * The source address that a packet gets on a device where nothing else names one: MASQUERADE's choice and a route's without `src`.
 * IPv4 (inet_select_addr): the device's first primary address whose network holds the next hop, else its first primary address, else one
 * of another device. IPv6 (ipv6_dev_get_saddr) chooses by the destination: `nextHop` is the packet's destination there.
 * Undefined where there is none: MASQUERADE drops the packet then ("… ate my IP address").
 */
export const selectAddress = (
  ns: NetNamespace,
  device: string,
  nextHop: string | undefined,
  family: 4 | 6,
  scope = 'global',
): LinkAddress | undefined =>
  family === 6 ? selectAddress6(ns, device, nextHop) : selectAddress4(ns, device, nextHop, scopeValue(scope));

const selectAddress4 = (
  ns: NetNamespace,
  device: string,
  nextHop: string | undefined,
  scope: number,
): LinkAddress | undefined => {
  const localnet = largerOfAll(ns, 4, device, 'route_localnet').value > 0 ? scopeValue('link') : scopeValue('host');
  const own = (ns.links.get(device)?.addresses ?? []).filter(
    (a) => a.family === 4 && !a.secondary && Math.min(scopeValue(a.scope), localnet) <= scope,
  );
  const fits = (a: LinkAddress): boolean =>
    nextHop === undefined || prefixContains(`${a.peer ?? a.address}/${a.prefixLength}`, nextHop);
  return own.find(fits) ?? own[0] ?? elsewhere(ns, device, scope);
};

/** A device without a suitable address borrows one: of its VRF first, then of any device in order, loopback's before the others'. */
const elsewhere = (ns: NetNamespace, device: string, scope: number): LinkAddress | undefined => {
  const vrf = vrfOf(ns, device);
  const among = devicesInOrder(ns).filter((link) => vrfOf(ns, link.name) === vrf);
  const master = vrf === undefined ? undefined : ns.links.get(vrf);
  for (const link of master ? [master, ...among] : among) {
    const found = link.addresses.find(
      (a) =>
        a.family === 4 && !a.secondary && scopeValue(a.scope) !== scopeValue('link') && scopeValue(a.scope) <= scope,
    );
    if (found) return found;
  }
  return undefined;
};

/** for_each_netdev: by index, which is the order of registration unless devices were moved. */
const devicesInOrder = (ns: NetNamespace): readonly Link[] =>
  [...ns.links.values()].sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
