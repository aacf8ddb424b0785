import { createHash } from 'node:crypto';
import { addressFamily, addressWords, canonicalAddress, prefixContains } from '../tables/address.ts';

/**
 * Blocks that keep their first bits, so that a reader still sees what kind of address it is, and that no other address can come to lie in
 * them: private, shared, link-local, documentation and benchmark networks, and those of the reserved space.
 */
const KEPT_BLOCKS: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/64',
  'ff00::/8',
  'ff02::1:ff00:0/104',
];

/** Addresses that name nobody: unspecified, loopback, multicast groups, broadcast. */
const UNCHANGED: readonly string[] = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/4', '::/127', 'ff00::/8'];
const SOLICITED_NODE = 'ff02::1:ff00:0/104';

const bitsOf = (address: string): string =>
  (addressWords(address) ?? []).map((word) => (word >>> 0).toString(2).padStart(32, '0')).join('');

const fromBits = (bits: string): string => {
  const groups = (size: number) => bits.match(new RegExp(`.{${size}}`, 'g')) ?? [];
  const text =
    bits.length === 32
      ? groups(8)
          .map((octet) => Number.parseInt(octet, 2))
          .join('.')
      : groups(16)
          .map((group) => Number.parseInt(group, 2).toString(16))
          .join(':');
  return canonicalAddress(text) ?? text;
};

const isNetmask = (bits: string): boolean => bits.length === 32 && /^1{8}1*0*$/.test(bits);

/**
 * A map of addresses that keeps prefixes: two addresses share as many leading bits after it as before (Xu, Fan, Ammar, Moon, "Prefix-preserving
 * IP address anonymization", 2002). Each bit is flipped or not by a keyed hash of the bits before it.
 */
export class AddressMask {
  readonly #key: string;
  readonly #flips = new Map<string, boolean>();
  readonly #kept = new Set<string>();

  constructor(key: string) {
    this.#key = key;
    for (const block of KEPT_BLOCKS) {
      const [network = '', length = '0'] = block.split('/');
      const bits = bitsOf(network);
      for (let n = 0; n < Number(length); n += 1) this.#kept.add(`${bits.length}:${bits.slice(0, n)}`);
    }
  }

  #flip(size: number, prefix: string): boolean {
    const name = `${size}:${prefix}`;
    if (this.#kept.has(name)) return false;
    const known = this.#flips.get(name);
    if (known !== undefined) return known;
    const flip = ((createHash('sha256').update(`${this.#key}\n${name}`).digest()[0] ?? 0) & 1) === 1;
    this.#flips.set(name, flip);
    return flip;
  }

  /** The replacement of an address; the address itself where it names nobody or is none. */
  address(address: string): string {
    if (addressFamily(address) === undefined) return address;
    const bits = bitsOf(address);
    if (isNetmask(bits)) return address;
    if (UNCHANGED.some((block) => prefixContains(block, address)) && !prefixContains(SOLICITED_NODE, address))
      return address;
    let out = '';
    for (let n = 0; n < bits.length; n += 1) {
      const bit = bits[n] === '1';
      out += bit !== this.#flip(bits.length, bits.slice(0, n)) ? '1' : '0';
    }
    return fromBits(out);
  }

  /** `ADDRESS/LENGTH`: a network stays a network (no host bits), an address with its length keeps its host. */
  prefix(address: string, length: number): string {
    const bits = bitsOf(address);
    const masked = this.address(address);
    if (/1/.test(bits.slice(length))) return masked;
    return fromBits(bitsOf(masked).slice(0, length).padEnd(bits.length, '0'));
  }
}
