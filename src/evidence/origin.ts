import type { NetNamespace } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';

/**
 * The namespace that sends from an address: its one real owner; of a virtual address that many nodes hold, the namespace in which the
 * packet or entry was seen. Undefined for an address that nobody in the bundle has.
 */
export const originOf = (network: Network, seenIn: NetNamespace | undefined, address: string): string | undefined => {
  const owners = network.owners(address);
  const here = owners.find((owner) => owner.namespace === seenIn);
  if (here) return here.namespace.id;
  const real = owners.filter((owner) => owner.link.kind !== 'dummy' && !owner.link.flags.includes('LOOPBACK'));
  return (real[0] ?? (owners.length === 1 ? owners[0] : undefined))?.namespace.id;
};
