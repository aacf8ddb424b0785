import { canonicalAddress } from '../../tables/address.ts';
import type { Endpoint } from '../../tables/packet-layer.ts';

/** Texts that are remembered; then they are forgotten and begun anew. */
const MOST = 65_536;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Texts of addresses by their bytes: a capture has few, and each is written once. */
class Texts {
  readonly #known = new Map<string, string>();
  readonly #length: number;
  readonly #write: (bytes: Buffer, at: number) => string;

  constructor(length: number, write: (bytes: Buffer, at: number) => string) {
    this.#length = length;
    this.#write = write;
  }

  of(bytes: Buffer, at: number): string {
    const key = bytes.toString('latin1', at, at + this.#length);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const text = this.#write(bytes, at);
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(key, text);
    return text;
  }
}

const ipv6 = new Texts(16, (bytes, at) => {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + 2 * i).toString(16)).join(':');
  return canonicalAddress(groups) ?? groups;
});

const mac = new Texts(6, (bytes, at) => Array.from(bytes.subarray(at, at + 6), (byte) => HEX[byte]).join(':'));

/** RFC 5952. */
export const ipv6Text = (bytes: Buffer, at: number): string => ipv6.of(bytes, at);

export const macText = (bytes: Buffer, at: number): string => mac.of(bytes, at);

export const setIpv4 = (endpoint: Endpoint, bytes: Buffer, at: number): void => {
  endpoint.family = 4;
  endpoint.number = bytes.readUInt32BE(at);
};

export const setIpv6 = (endpoint: Endpoint, bytes: Buffer, at: number): void => {
  endpoint.family = 6;
  endpoint.text = ipv6.of(bytes, at);
};
