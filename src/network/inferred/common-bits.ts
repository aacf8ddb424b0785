import { addressWords } from '../../tables/address.ts';

/** How many bits two addresses of one family begin with in common. */
export const commonBits = (a: string, b: string): number => {
  const left = addressWords(a);
  const right = addressWords(b);
  if (!left || left.length !== right?.length) return 0;
  for (const [i, word] of left.entries()) {
    const other = right[i] ?? 0;
    if (word !== other) return 32 * i + Math.clz32(word ^ other);
  }
  return 32 * left.length;
};
