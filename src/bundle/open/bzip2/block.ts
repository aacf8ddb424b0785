import type { Bits } from './bits.ts';
import { type HuffmanCode, readCode } from './huffman.ts';

/** After so many symbols the next of the block's codes is used. */
const GROUP = 50;
const MOST_CODES = 6;

/** Takes the value at a place out and puts it in front. */
const toFront = (list: Uint8Array, place: number): number => {
  const value = list[place] as number;
  for (let at = place; at > 0; at -= 1) list[at] = list[at - 1] as number;
  list[0] = value;
  return value;
};

/** The byte values that the block holds. */
const readAlphabet = (bits: Bits): Uint8Array => {
  const found: number[] = [];
  const rows = bits.take(16);
  for (let row = 0; row < 16; row += 1) {
    if (((rows >> (15 - row)) & 1) === 0) continue;
    const columns = bits.take(16);
    for (let column = 0; column < 16; column += 1)
      if (((columns >> (15 - column)) & 1) === 1) found.push(row * 16 + column);
  }
  if (found.length === 0) throw new Error('a block of no byte values');
  return Uint8Array.from(found);
};

/** Which code each group of symbols is written in. */
const readSelectors = (bits: Bits, codes: number): Uint8Array => {
  const count = bits.take(15);
  if (count === 0) throw new Error('a block without codes');
  const order = Uint8Array.from({ length: codes }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i += 1) {
    let place = 0;
    while (bits.take(1) === 1) {
      place += 1;
      if (place >= codes) throw new Error('a selector out of bounds');
    }
    selectors[i] = toFront(order, place);
  }
  return selectors;
};

/** Undoes Huffman's codes, the runs of one symbol and moving to the front; gives how many bytes there are in `work`. */
const readSymbols = (bits: Bits, work: Uint32Array): number => {
  const alphabet = readAlphabet(bits);
  const codeCount = bits.take(3);
  if (codeCount < 2 || codeCount > MOST_CODES) throw new Error('a number of codes out of bounds');
  const selectors = readSelectors(bits, codeCount);
  const end = alphabet.length + 1;
  const codes: HuffmanCode[] = [];
  for (let i = 0; i < codeCount; i += 1) codes.push(readCode(bits, end + 1));
  let count = 0;
  let runLength = 0;
  let runDigit = 1;
  for (const selector of selectors) {
    const code = codes[selector] as HuffmanCode;
    for (let i = 0; i < GROUP; i += 1) {
      const symbol = code.read(bits);
      // Symbols 0 and 1 are the digits 1 and 2 of a run's length, to the base of two, the lowest first.
      if (symbol <= 1) {
        runLength += runDigit << symbol;
        runDigit *= 2;
        if (count + runLength > work.length) throw new Error('a block that is too long');
        continue;
      }
      if (runLength > 0) {
        work.fill(alphabet[0] as number, count, count + runLength);
        count += runLength;
        runLength = 0;
        runDigit = 1;
      }
      if (symbol === end) return count;
      if (count === work.length) throw new Error('a block that is too long');
      work[count] = toFront(alphabet, symbol - 1);
      count += 1;
    }
  }
  throw new Error('a block without an end');
};

/** Undoes the Burrows-Wheeler transform: above each byte of `work` then stands the place of the byte that follows it. */
const link = (work: Uint32Array, count: number): void => {
  const places = new Uint32Array(256);
  for (let i = 0; i < count; i += 1) places[work[i] as number] = (places[work[i] as number] as number) + 1;
  let sum = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    const own = places[byte] as number;
    places[byte] = sum;
    sum += own;
  }
  for (let i = 0; i < count; i += 1) {
    const byte = (work[i] as number) & 0xff;
    const place = places[byte] as number;
    places[byte] = place + 1;
    work[place] = (work[place] as number) | (i << 8);
  }
};

/** Bytes that come one by one. */
class Bytes {
  #bytes: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  push(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  repeat(value: number, times: number): void {
    if (this.#length + times > this.#bytes.length) this.#grow(times);
    this.#bytes.fill(value, this.#length, this.#length + times);
    this.#length += times;
  }

  #grow(by: number): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(this.#length + by)]);
  }

  taken(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** The bytes in their order, the first coding undone too: four equal ones are followed by a count of more. */
const unfolded = (work: Uint32Array, count: number, first: number): Buffer => {
  const bytes = new Bytes(count);
  let at = (work[first] as number) >>> 8;
  let equal = 0;
  let last = -1;
  for (let i = 0; i < count; i += 1) {
    const entry = work[at] as number;
    const byte = entry & 0xff;
    at = entry >>> 8;
    if (equal === 4) {
      bytes.repeat(last, byte);
      equal = 0;
      last = -1;
      continue;
    }
    equal = byte === last ? equal + 1 : 1;
    last = byte;
    bytes.push(byte);
  }
  return bytes.taken();
};

/** A block behind its checksum. `work` has room for as many bytes as the stream's blocks may hold. Throws where the block is damaged. */
export const readBlock = (bits: Bits, work: Uint32Array): Buffer => {
  if (bits.take(1) === 1) throw new Error('a randomised block, as releases before 0.9.5 wrote them');
  const first = bits.take(24);
  const count = readSymbols(bits, work);
  if (first >= count) throw new Error('a beginning out of bounds');
  link(work, count);
  return unfolded(work, count, first);
};
