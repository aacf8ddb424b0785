import { addressWords, compareAddresses, wordsToAddress } from '../tables/address.ts';
import { jhash2, reciprocalScale } from './jhash.ts';

export interface AddressRange {
  readonly from: string;
  readonly to: string;
}

/** The tuple that NAT is about to change, and its conntrack zone. */
interface Current {
  readonly src: string;
  readonly dst: string;
  readonly zone: number;
}

/** A word of an address as a little-endian machine reads what lies in memory in network order. */
const swapped = (word: number): number =>
  ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);

export const isWithin = (range: AddressRange, address: string): boolean =>
  compareAddresses(range.from, address) <= 0 && compareAddresses(address, range.to) <= 0;

/**
 * nf_nat_core.c:find_best_ips_proto: the address of a range that a connection gets. The hash has no seed, so that a client has the same one everywhere and
 * always: of the source, and of the destination too unless `--persistent`. As x86 and arm64 (little-endian) count it. Undefined for what is no address.
 */
export const addressOfRange = (
  range: AddressRange,
  current: Current,
  manip: 'src' | 'dst',
  persistent: boolean,
): string | undefined => {
  const src = addressWords(current.src);
  const dst = addressWords(current.dst);
  const lowest = addressWords(range.from);
  const highest = addressWords(range.to);
  if (!src || !dst || !lowest || !highest || lowest.length !== highest.length || src.length !== lowest.length)
    return undefined;
  const destination = dst.map(swapped);
  let hash = jhash2(
    [0, 1, 2, 3].map((i) => swapped(src[i] ?? 0)),
    persistent ? 0 : (destination.at(-1) ?? 0) ^ current.zone,
  );
  let whole = false;
  const chosen: number[] = [];
  lowest.forEach((low, i) => {
    const high = highest[i] ?? low;
    const word = whole ? reciprocalScale(hash, 0xffffffff) : low + reciprocalScale(hash, high - low + 1);
    chosen.push(word >>> 0);
    whole ||= word >>> 0 !== high;
    // Where destinations are mapped, the word that was just written is the one that is mixed in.
    if (!persistent) hash = (hash ^ (manip === 'dst' ? swapped(word >>> 0) : (destination[i] ?? 0))) >>> 0;
  });
  return wordsToAddress(chosen);
};
