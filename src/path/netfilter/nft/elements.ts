import type { NftSet } from '../../../records/iptables.ts';
import { normalValue, type ValueKind, wideTest } from './kinds.ts';

/** An element of a set or map: its key's parts, and what a map maps it to. */
export interface Element {
  readonly parts: readonly string[];
  readonly value: string | undefined;
}

/** Cuts at commas outside quotes and brackets. */
export const splitList = (text: string): string[] => {
  const items: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (c === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (c === '{' || c === '(') depth += 1;
    else if (c === '}' || c === ')') depth -= 1;
    else if (c === ',' && depth === 0) {
      items.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  items.push(text.slice(from).trim());
  return items.filter((item) => item !== '');
};

/** Words that an element may carry between its key and its value. */
const EXTRA = /\s+(?:timeout|expires|comment|counter|limit|quota|size|last)\s.*$/;
/** The colon before a map's value: addresses of IPv6 have none with blanks around. */
const COLON = /\s+:\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/;

const parseElement = (text: string): Element => {
  const cut = COLON.exec(text);
  const key = (cut ? text.slice(0, cut.index) : text).replace(EXTRA, '').trim();
  return { parts: key.split(/\s+\.\s+/), value: cut ? text.slice(cut.index + cut[0].length).trim() : undefined };
};

/** `{ a, b : c }`. */
export const parseAnonymous = (text: string): readonly Element[] =>
  splitList(
    text
      .trim()
      .replace(/^\{\s*/, '')
      .replace(/\s*\}$/, ''),
  ).map(parseElement);

/** Elements made ready for keys of certain kinds. */
export interface ElementIndex {
  readonly exact: ReadonlyMap<string, Element>;
  /** Elements with a range, prefix or wildcard somewhere, with a test per part. */
  readonly wide: readonly { readonly element: Element; readonly tests: readonly ((value: string) => boolean)[] }[];
  readonly all: readonly Element[];
}

/** Joins normal values of a key. */
const keyText = (values: readonly string[]): string => values.join(' . ');

export const indexElements = (elements: readonly Element[], kinds: readonly ValueKind[]): ElementIndex => {
  const exact = new Map<string, Element>();
  const wide: ElementIndex['wide'][number][] = [];
  for (const element of elements) {
    const normal = kinds.map((kind, i) => normalValue(kind, element.parts[i] ?? ''));
    if (normal.every((value) => value !== undefined)) {
      const key = keyText(normal);
      if (!exact.has(key)) exact.set(key, element);
      continue;
    }
    const tests = kinds.map((kind, i) => {
      const one = normal[i];
      return one === undefined ? wideTest(kind, element.parts[i] ?? '') : (value: string) => value === one;
    });
    if (tests.every((test) => test !== undefined)) wide.push({ element, tests });
  }
  return { exact, wide, all: elements };
};

const indexes = new WeakMap<NftSet, Map<string, ElementIndex>>();

/** The index of a named set for keys of these kinds. */
export const indexSet = (set: NftSet, kinds: readonly ValueKind[]): ElementIndex => {
  const known = indexes.get(set) ?? new Map<string, ElementIndex>();
  indexes.set(set, known);
  const kindsText = kinds.join(' ');
  let index = known.get(kindsText);
  if (!index) {
    index = indexElements(set.elements.map(parseElement), kinds);
    known.set(kindsText, index);
  }
  return index;
};

/** The element that holds a key of normal values; wide elements of an interval set do not overlap. */
export const findElement = (index: ElementIndex, values: readonly string[]): Element | undefined =>
  index.exact.get(keyText(values)) ??
  index.wide.find(({ tests }) => tests.every((test, i) => test(values[i] ?? '')))?.element;

/** Elements that agree with the parts of a key that are known. */
export const candidates = (
  index: ElementIndex,
  kinds: readonly ValueKind[],
  values: readonly (string | undefined)[],
): readonly Element[] =>
  index.all.filter((element) =>
    values.every((value, i) => {
      const kind = kinds[i];
      if (value === undefined || kind === undefined) return true;
      const written = element.parts[i] ?? '';
      const normal = normalValue(kind, written);
      return normal === undefined ? (wideTest(kind, written)?.(value) ?? true) : normal === value;
    }),
  );
