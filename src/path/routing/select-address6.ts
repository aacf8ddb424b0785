import type { NetNamespace } from '../../network/namespace.ts';
import type { Link, LinkAddress } from '../../records/link.ts';
import { addressWords, isLinkLocal, isMulticast, prefixContains, prefixLength } from '../../tables/address.ts';
import { vrfOf } from './rule-match.ts';

/** IPV6_ADDR_SCOPE_…: interface, link, site, global. */
const scopeOf = (address: string): number => {
  if (isMulticast(address)) return ((addressWords(address)?.[0] ?? 0) >>> 16) & 0xf;
  if (address === '::1' || isLinkLocal(address)) return 2;
  return prefixContains('fec0::/10', address) ? 5 : 14;
};

/** The kernel's built-in label table (ip6addrlbl_init_table), the longest prefix first. */
const LABELS: readonly (readonly [string, number])[] = [
  ['::1/128', 0],
  ['::ffff:0:0/96', 4],
  ['::/96', 3],
  ['2001::/32', 6],
  ['2001:10::/28', 7],
  ['2002::/16', 2],
  ['fc00::/7', 5],
  ['::/0', 1],
];
const labelOf = (address: string): number =>
  [...LABELS]
    .sort((a, b) => (prefixLength(b[0]) ?? 0) - (prefixLength(a[0]) ?? 0))
    .find(([prefix]) => prefixContains(prefix, address))?.[1] ?? 1;

/** Leading bits that two addresses have in common. */
const commonBits = (a: string, b: string): number => {
  const left = addressWords(a) ?? [];
  const right = addressWords(b) ?? [];
  for (let i = 0; i < 4; i += 1) {
    const difference = ((left[i] ?? 0) ^ (right[i] ?? 0)) >>> 0;
    if (difference !== 0) return 32 * i + Math.clz32(difference);
  }
  return 128;
};

interface Candidate {
  readonly link: Link;
  readonly address: LinkAddress;
}

/**
 * ipv6_dev_get_saddr: RFC 6724's rules in order — same address, scope, not deprecated, outgoing interface, label, longest match. Among equals
 * the first one stays. Home addresses and temporary ones are not told apart: the kernel's default prefers neither.
 */
export const selectAddress6 = (ns: NetNamespace, device: string, dst: string | undefined): LinkAddress | undefined => {
  const target = dst ?? '::';
  const isOnLink = isMulticast(target) || scopeOf(target) <= 2;
  const vrf = vrfOf(ns, device);
  const links = [...ns.links.values()]
    .filter((link) => (isOnLink ? link.name === device : vrfOf(ns, link.name) === vrf))
    .sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
  const candidates = links.flatMap((link) =>
    link.addresses
      .filter((a) => a.family === 6 && !a.tentative && a.address !== '::')
      .map((address): Candidate => ({ link, address })),
  );
  let best: Candidate | undefined;
  for (const candidate of candidates)
    if (best === undefined || isBetter(candidate, best, device, target)) best = candidate;
  return best?.address;
};

const isBetter = (a: Candidate, b: Candidate, device: string, dst: string): boolean => {
  for (const score of RULES) {
    const difference = score(a, device, dst) - score(b, device, dst);
    if (difference !== 0) return difference > 0;
  }
  return false;
};

type Score = (candidate: Candidate, device: string, dst: string) => number;

const RULES: readonly Score[] = [
  ({ address }, _device, dst) => Number(address.address === dst),
  // The smallest scope that reaches the destination, else the largest there is.
  ({ address }, _device, dst) => {
    const scope = scopeOf(address.address);
    return scope >= scopeOf(dst) ? -scope : scope - 128;
  },
  ({ address }) => Number(!address.deprecated),
  ({ link }, device) => Number(link.name === device),
  ({ address }, _device, dst) => Number(labelOf(address.address) === labelOf(dst)),
  ({ address }, _device, dst) => Math.min(commonBits(address.address, dst), address.prefixLength),
];
