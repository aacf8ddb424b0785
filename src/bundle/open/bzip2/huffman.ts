import type { Bits } from './bits.ts';

const LONGEST = 20;

/** A canonical Huffman code: shorter codes come first, and symbols of one length by their number. */
export class HuffmanCode {
  readonly #shortest: number;
  readonly #longest: number;
  /** By length: the largest code, -1 where there is none of this length. */
  readonly #last = new Int32Array(LONGEST + 1).fill(-1);
  /** By length: what a code is to be reduced by for its place among the symbols. */
  readonly #offset = new Int32Array(LONGEST + 1);
  readonly #symbols: Uint16Array;

  /** Of each symbol's length. Throws where more codes are asked for than there are of a length. */
  constructor(lengths: Uint8Array) {
    this.#shortest = Math.min(...lengths);
    this.#longest = Math.max(...lengths);
    this.#symbols = new Uint16Array(lengths.length);
    let code = 0;
    let placed = 0;
    for (let length = this.#shortest; length <= this.#longest; length += 1) {
      this.#offset[length] = code - placed;
      const first = code;
      for (let symbol = 0; symbol < lengths.length; symbol += 1)
        if (lengths[symbol] === length) {
          this.#symbols[placed] = symbol;
          placed += 1;
          code += 1;
        }
      if (code > 1 << length) throw new Error('a code that is no prefix code');
      if (code > first) this.#last[length] = code - 1;
      code <<= 1;
    }
  }

  /** The next symbol. */
  read(bits: Bits): number {
    let length = this.#shortest;
    let code = bits.take(length);
    while (code > (this.#last[length] as number)) {
      length += 1;
      if (length > this.#longest) throw new Error('a code of no symbol');
      code = (code << 1) | bits.take(1);
    }
    return this.#symbols[code - (this.#offset[length] as number)] as number;
  }
}

/** A code as a block writes it down: the first symbol's length, then by how much each is longer or shorter than the one before. */
export const readCode = (bits: Bits, symbols: number): HuffmanCode => {
  const lengths = new Uint8Array(symbols);
  let length = bits.take(5);
  for (let symbol = 0; symbol < symbols; symbol += 1) {
    for (;;) {
      if (length < 1 || length > LONGEST) throw new Error('a code length out of bounds');
      if (bits.take(1) === 0) break;
      length += bits.take(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return new HuffmanCode(lengths);
};
