import type { NftSet } from '../../../records/iptables.ts';
import type { Marks } from '../matches/answer.ts';
import { type Answer, NO, unknown, YES } from '../matches/answer.ts';
import { parseNumber } from '../matches/number.ts';
import type { HookQuestion } from '../outcome.ts';
import {
  candidates,
  type Element,
  type ElementIndex,
  findElement,
  indexElements,
  indexSet,
  parseAnonymous,
} from './elements.ts';
import { type Field, type FieldValue, fieldAnswer, parseFields } from './fields.ts';
import { wideTest } from './kinds.ts';

/** An element that the key may hit, and whether it does. No element stands for none. */
export interface Found {
  readonly element: Element | undefined;
  readonly answer: Answer;
}
export type Lookup = (question: HookQuestion, marks: Marks) => readonly Found[];

/** With more candidates than this for a key that is not known, following each would say nothing. */
const CANDIDATES = 32;

/** `numgen random mod 3`, `numgen inc mod 3 offset 1`, `jhash ip saddr mod 2`, `symhash mod 2`: one of N values, all as likely. */
const GENERATOR = /^(?:numgen (?:random|inc)|jhash .*?|symhash) mod (\d+)(?: seed \S+)?(?: offset (\d+))?$/;
export const parseGenerator = (text: string): { readonly count: number; readonly offset: number } | undefined => {
  const found = GENERATOR.exec(text.trim());
  const count = parseNumber(found?.[1] ?? '');
  return count ? { count, offset: parseNumber(found?.[2] ?? '0') ?? 0 } : undefined;
};

/** How many values of [offset, offset + count) an element's number or range holds. */
export const share = (text: string, generator: { readonly count: number; readonly offset: number }): number => {
  const test = wideTest('number', text);
  let hits = 0;
  for (let i = 0; i < generator.count; i += 1) if (test?.(String(generator.offset + i))) hits += 1;
  return hits / generator.count;
};

const elementsOf = (source: string, sets: ReadonlyMap<string, NftSet>): NftSet | readonly Element[] | undefined => {
  const text = source.trim();
  return text.startsWith('@') ? sets.get(text.slice(1)) : parseAnonymous(text);
};
const isSet = (source: NftSet | readonly Element[]): source is NftSet => !Array.isArray(source);

/** Looks a key up in a set or map (`@name` or `{ … }`). */
export const compileLookup = (key: string, source: string, sets: ReadonlyMap<string, NftSet>): Lookup => {
  const from = elementsOf(source, sets);
  if (!from) return () => [{ element: undefined, answer: unknown('set-missing') }];
  const generator = parseGenerator(key);
  if (generator) return byChance(isSet(from) ? indexSet(from, ['number']).all : from, generator);
  const fields = parseFields(key);
  const kinds = fields.map((field) => field.kind);
  let ready: ElementIndex | undefined;
  return (question, marks) => {
    ready ??= isSet(from) ? indexSet(from, kinds) : indexElements(from, kinds);
    return find(ready, fields, question, marks);
  };
};

const byChance = (elements: readonly Element[], generator: { count: number; offset: number }): Lookup => {
  const found: Found[] = elements.map((element) => ({
    element,
    answer: { value: 'random', share: share(element.parts[0] ?? '', generator) },
  }));
  const rest = 1 - found.reduce((sum, one) => sum + (one.answer.value === 'random' ? one.answer.share : 0), 0);
  if (rest > 1e-9) found.push({ element: undefined, answer: { value: 'random', share: rest } });
  const [sole] = found;
  return () => (found.length === 1 && sole ? [{ element: sole.element, answer: YES }] : found);
};

const find = (
  index: ElementIndex,
  fields: readonly Field[],
  question: HookQuestion,
  marks: Marks,
): readonly Found[] => {
  const values: (string | undefined)[] = [];
  let open: Extract<FieldValue, { is: 'unknown' }> | undefined;
  for (const field of fields) {
    const value = field.read(question, marks);
    if (value.is === 'absent') return [];
    if (value.is === 'unknown') open = value;
    values.push(value.is === 'known' ? value.text : undefined);
  }
  if (!open) {
    const element = findElement(index, values as string[]);
    return [{ element, answer: YES }];
  }
  const possible = candidates(
    index,
    fields.map((field) => field.kind),
    values,
  );
  if (possible.length === 0) return [{ element: undefined, answer: YES }];
  const answer = fieldAnswer(open);
  return [...possible.slice(0, CANDIDATES).map((element) => ({ element, answer })), { element: undefined, answer }];
};

/** Membership as one answer; absent fields make the rule end, which `found.length === 0` says. */
export const membership = (found: readonly Found[]): Answer | undefined => {
  if (found.length === 0) return undefined;
  const hit = found.find((one) => one.element !== undefined);
  if (found.length === 1) return found[0]?.answer.value === undefined ? found[0]?.answer : hit ? YES : NO;
  return found[0]?.answer.value === 'random'
    ? {
        value: 'random',
        share: found.reduce(
          (sum, one) => sum + (one.element && one.answer.value === 'random' ? one.answer.share : 0),
          0,
        ),
      }
    : found[0]?.answer;
};
