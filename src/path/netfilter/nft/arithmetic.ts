import type { Marks } from '../matches/answer.ts';
import { connectionMark } from '../matches/mark.ts';
import { parseNumber } from '../matches/number.ts';
import type { HookQuestion } from '../outcome.ts';

type Operand = (question: HookQuestion, marks: Marks) => number | undefined;

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '&': (a, b) => (a & b) >>> 0,
  and: (a, b) => (a & b) >>> 0,
  '|': (a, b) => (a | b) >>> 0,
  or: (a, b) => (a | b) >>> 0,
  '^': (a, b) => (a ^ b) >>> 0,
  xor: (a, b) => (a ^ b) >>> 0,
  '<<': (a, b) => (a << b) >>> 0,
  lshift: (a, b) => (a << b) >>> 0,
  '>>': (a, b) => a >>> b,
  rshift: (a, b) => a >>> b,
};

const operand = (text: string): Operand | undefined => {
  const bare = text.replace(/^\((.*)\)$/, '$1').trim();
  if (bare === 'mark' || bare === 'meta mark') return (_question, marks) => marks.mark;
  if (bare === 'ct mark') return (question, marks) => connectionMark(question, marks);
  const value = parseNumber(bare);
  if (value !== undefined) return () => value >>> 0;
  // `(0x1 | 0x2)` within a longer expression.
  return bare === text ? undefined : arithmetic(bare);
};

/**
 * An expression over marks and numbers, evaluated from left to right as nft prints it: `meta mark | 0x00004000`,
 * `mark and 0xfffff0ff xor 0xc00`. Undefined where a part of it is not modelled.
 */
export const arithmetic = (text: string): Operand | undefined => {
  const parts = text.trim().split(/\s+(&|\||\^|<<|>>|and|or|xor|lshift|rshift)\s+(?![^(]*\))/);
  const first = operand(parts[0] ?? '');
  if (!first) return undefined;
  let result = first;
  for (let i = 1; i < parts.length; i += 2) {
    const apply = OPERATORS[parts[i] ?? ''];
    const right = operand(parts[i + 1] ?? '');
    if (!apply || !right) return undefined;
    const left = result;
    result = (question, marks) => {
      const a = left(question, marks);
      const b = right(question, marks);
      return a === undefined || b === undefined ? undefined : apply(a, b);
    };
  }
  return result;
};
