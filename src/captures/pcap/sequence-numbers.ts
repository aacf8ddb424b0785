import type { Endpoint } from '../../tables/packet-layer.ts';
import type { Cursor } from './cursor.ts';

const SYN = 0x02;
const ACK = 0x10;

/** Connections that are remembered; beyond them all are forgotten, and each begins anew as one that was met in its middle. */
const MOST = 1 << 20;
const FIRST = 1 << 12;
/** Addresses of IPv6 that are numbered at once. */
const ADDRESSES = 1 << 18;
/** Places that are looked at for a connection: ends that were chosen to collide cost no more. */
const PROBES = 64;

const IPV6_KEYS = 2 ** 49;

/**
 * Sequence and acknowledgement numbers relative to a connection's first, as tcpdump makes them (print-tcp.c tcp_print): the first packet with an
 * acknowledgement and every SYN set what is counted from and are printed as they are; packets without an acknowledgement are always.
 */
export class SequenceNumbers {
  /** Of the packet read last. */
  seq = 0;
  ack = 0;
  #size = FIRST;
  #count = 0;
  /** An open table: the two ends of a connection, the lower first, and the number before the first of each. 0 is no end. */
  #low = new Float64Array(FIRST);
  #high = new Float64Array(FIRST);
  #seqs = new Uint32Array(FIRST);
  #acks = new Uint32Array(FIRST);
  readonly #ipv6 = new Map<string, number>();

  read(c: Cursor, flags: number): void {
    this.seq = c.u32(4);
    this.ack = c.u32(8);
    if ((flags & ACK) === 0 || c.quoted) return;
    if (this.#ipv6.size + 2 > ADDRESSES) this.#forget();
    const source = this.#key(c.layer.src);
    const target = this.#key(c.layer.dst);
    const reversed = source > target;
    const slot = reversed ? this.#slot(target, source) : this.#slot(source, target);
    if (this.#low[slot] === 0 || (flags & SYN) !== 0) {
      if (this.#low[slot] === 0) this.#count += 1;
      this.#low[slot] = reversed ? target : source;
      this.#high[slot] = reversed ? source : target;
      this.#seqs[slot] = reversed ? this.ack - 1 : this.seq;
      this.#acks[slot] = reversed ? this.seq : this.ack - 1;
      if (this.#count * 2 > this.#size) this.#grow();
      return;
    }
    const first = this.#seqs[slot] as number;
    const answer = this.#acks[slot] as number;
    this.seq = (this.seq - (reversed ? answer : first)) >>> 0;
    this.ack = (this.ack - (reversed ? first : answer)) >>> 0;
  }

  /** An end as a whole number above 0 that a double holds exactly. */
  #key(end: Endpoint): number {
    if (end.family === 4) return end.number * 65_536 + end.port + 1;
    let id = this.#ipv6.get(end.text);
    if (id === undefined) {
      id = this.#ipv6.size;
      this.#ipv6.set(end.text, id);
    }
    return IPV6_KEYS + id * 65_536 + end.port;
  }

  #slot(low: number, high: number): number {
    const mask = this.#size - 1;
    let slot = hash(low, high) & mask;
    for (let i = 0; i < PROBES; i += 1) {
      if (this.#low[slot] === 0 || (this.#low[slot] === low && this.#high[slot] === high)) return slot;
      slot = (slot + 1) & mask;
    }
    // The one that stands there is forgotten.
    this.#low[slot] = 0;
    this.#count -= 1;
    return slot;
  }

  #grow(): void {
    if (this.#size >= MOST) {
      this.#forget();
      return;
    }
    const [lows, highs, seqs, acks] = [this.#low, this.#high, this.#seqs, this.#acks];
    const old = this.#size;
    this.#size *= 4;
    this.#low = new Float64Array(this.#size);
    this.#high = new Float64Array(this.#size);
    this.#seqs = new Uint32Array(this.#size);
    this.#acks = new Uint32Array(this.#size);
    for (let i = 0; i < old; i += 1) {
      const low = lows[i] as number;
      if (low === 0) continue;
      const slot = this.#slot(low, highs[i] as number);
      this.#low[slot] = low;
      this.#high[slot] = highs[i] as number;
      this.#seqs[slot] = seqs[i] as number;
      this.#acks[slot] = acks[i] as number;
    }
  }

  #forget(): void {
    this.#low.fill(0);
    this.#count = 0;
    this.#ipv6.clear();
  }
}

const hash = (low: number, high: number): number => {
  let h = Math.imul(low | 0, 0x9e3779b1) ^ Math.imul(Math.floor(low / 0x10000) | 0, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35) ^ Math.imul(high | 0, 0x27d4eb2f);
  h ^= Math.imul(Math.floor(high / 0x10000) | 0, 0x165667b1);
  return (h ^ (h >>> 13)) >>> 0;
};
