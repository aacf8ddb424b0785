import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import { localProof, ownAddress } from '../../path/routing/local.ts';
import type { Link, LinkAddress } from '../../records/link.ts';
import type { Source } from '../../records/source.ts';
import { isAt } from '../../records/source.ts';
import { isLoopback } from '../../tables/address.ts';

/** Devices on which service proxies keep virtual addresses, for listings that do not print a device's kind. */
const WELL_KNOWN: ReadonlySet<string> = new Set(['kube-ipvs0', 'kube-dummy-if', 'nodelocaldns']);

/** A device that only makes addresses local: a dummy, or the loopback with an address that is none of its own. */
const isVirtual = (ns: NetNamespace, link: Link, address: string): boolean =>
  !isNodesOwn(ns, link, address) && isInert(link, address);

/**
 * The node's own address, though it lies on a dummy: proxies keep theirs on their own device, so that another one is not a proxy's; a real server has the address, which no
 * virtual one is; or the kernel takes it as the source of packets for elsewhere.
 */
const isNodesOwn = (ns: NetNamespace, link: Link, address: string): boolean => {
  if (WELL_KNOWN.has(link.name)) return false;
  if (link.kind === 'dummy' && [...WELL_KNOWN].some((name) => ns.links.has(name))) return true;
  return (
    ns.services.some((service) => service.servers.some((server) => server.address === address)) ||
    ns.routes.some((route) => route.src === address && !route.prefix.startsWith(`${address}/`))
  );
};

const isInert = (link: Link, address: string): boolean => {
  if (link.flags.includes('LOOPBACK')) return !isLoopback(address);
  if (link.kind !== undefined) return link.kind === 'dummy';
  // `ip addr` without -d: an Ethernet device without ARP is a dummy.
  return WELL_KNOWN.has(link.name) || (link.flags.includes('NOARP') && link.flags.includes('BROADCAST'));
};

export interface Holding {
  readonly device: string;
  /** The address line; the local route's where the addresses were not captured. */
  readonly source: Source;
  readonly address: LinkAddress | undefined;
}

/** The virtual address as the namespace holds it; undefined where it does not, or holds it as a real device's address. */
export const virtualHolding = (ns: NetNamespace, address: string): Holding | undefined => {
  const own = ownAddress(ns, address);
  if (own)
    return isVirtual(ns, own.link, address)
      ? { device: own.link.name, source: own.address.source, address: own.address }
      : undefined;
  if (knows(ns, 'ip-addr')) return undefined;
  const source = localProof(ns, address);
  const route = ns.routes.find((r) => isAt(r, source));
  const device = route?.nextHops[0]?.dev ?? '';
  return source && WELL_KNOWN.has(device) ? { device, source, address: undefined } : undefined;
};

/** The address as one of the namespace's own on a real device. */
export const realHolding = (ns: NetNamespace, address: string): Holding | undefined => {
  const own = ownAddress(ns, address);
  if (!own || isVirtual(ns, own.link, address) || own.link.flags.includes('LOOPBACK')) return undefined;
  return { device: own.link.name, source: own.address.source, address: own.address };
};

/** Whether some namespace of the bundle has the address on a real device. */
export const realOwners = (network: Network, address: string): readonly NetNamespace[] =>
  network
    .owners(address)
    .filter((owner) => !isVirtual(owner.namespace, owner.link, address) && !owner.link.flags.includes('LOOPBACK'))
    .map((owner) => owner.namespace);
