import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { describe, expect, test } from 'vitest';
import { ACTIONS, type Action } from '../../src/path/vocabulary/actions.ts';
import { ASSUMPTIONS, type Assumption, assumption } from '../../src/path/vocabulary/assumptions.ts';
import type { Kinds } from '../../src/path/vocabulary/kinds.ts';
import { PLACES } from '../../src/path/vocabulary/places.ts';
import { LANGUAGES } from '../../src/report/language.ts';
import { plainText } from '../../src/report/prose.ts';
import { UNSAID } from '../../src/report/unsaid.ts';
import { sectionsOf, Words, type WordValues } from '../../src/report/words.ts';

/** A value of each kind; of those that are not always told none, where `full` is false. */
const valuesOf = (kinds: Kinds, full: boolean): WordValues =>
  Object.fromEntries(
    Object.entries(kinds).flatMap(([name, kind]) => {
      if (typeof kind !== 'string') return [[name, kind[0] ?? '']];
      if (kind.endsWith('?') && !full) return [];
      const samples: Readonly<Record<string, WordValues[string]>> = {
        text: `the-${name}`,
        number: 7,
        flag: true,
        texts: ['one', 'other'],
      };
      return [[name, samples[kind.replace('?', '')]]];
    }),
  );

const PACKET = { text: 'a packet', from: 'a:1', to: 'b:2', src: 'a', dst: 'b', sport: 1, dport: 2, spi: 3, vni: 4 };
const CONTEXTS = [
  { device: 'dev0', changed: true },
  { device: '', changed: false },
].map((context) => ({ ...context, before: PACKET, after: PACKET, node: 'n1', namespace: '' }));

const TABLES: readonly (readonly ['actions' | 'assumptions', Readonly<Record<string, Kinds>>])[] = [
  ['actions', ACTIONS],
  ['assumptions', ASSUMPTIONS],
];

/** Names of the values that a section of words asks for. */
const asked = (language: string, file: string): ReadonlyMap<string, ReadonlySet<string>> => {
  const text = readFileSync(new URL(`../../templates/${language}/${file}.hbs`, import.meta.url), 'utf8');
  const found = new Map<string, ReadonlySet<string>>();
  for (const part of Handlebars.parse(text).body) {
    if (part.type !== 'BlockStatement') continue;
    const { params, program } = part as hbs.AST.BlockStatement;
    const names = [...JSON.stringify(program).matchAll(/"original":"values\.([A-Za-z]+)"/g)].map((m) => m[1] ?? '');
    for (const param of params) found.set((param as hbs.AST.StringLiteral).value, new Set(names));
  }
  return found;
};

describe.each(LANGUAGES)('the vocabulary of the walk (%s)', (language) => {
  test.each(TABLES)('%s: every code is said, with all of its values and with the least', (file, table) => {
    const words = new Words(language);
    for (const [code, kinds] of Object.entries(table))
      for (const full of [true, false])
        for (const context of CONTEXTS)
          for (const section of file === 'actions' ? [code, `short:${code}`] : [code]) {
            const prose = words.say(file, section as never, { ...context, values: valuesOf(kinds, full) });
            expect(plainText(prose), section).not.toBe('');
          }
    expect(words.faults).toEqual([]);
  });

  test.each(TABLES)('%s: no words ask for a value that the table has not', (file, table) => {
    for (const [section, names] of asked(language, file)) {
      const kinds = table[section.replace(/^short:/, '')];
      if (kinds) for (const name of names) expect(Object.keys(kinds), `${section}: ${name}`).toContain(name);
    }
  });

  test('every place is named, and told as the place of a step', () => {
    for (const place of PLACES)
      for (const section of [place, `in:${place}`]) expect(sectionsOf(`${language}/places`)).toContain(section);
  });
});

test('the compiler takes no code and no value that the tables do not have', () => {
  const translated = { from: '10.0.0.1', fromPort: 80, toPort: 8080 };
  // @ts-expect-error: no such code.
  const unknown: Action = { code: 'teleported', values: {} };
  // @ts-expect-error: an address is a text.
  const wrong: Action = { code: 'dnat', values: { ...translated, to: 4 } };
  // @ts-expect-error: to where?
  const lacking: Action = { code: 'dnat', values: translated };
  // @ts-expect-error: DNAT knows no server's weight.
  const another: Action = { code: 'dnat', values: { ...translated, to: '10.0.0.2', weight: 1 } };
  const right: Action = { code: 'dnat', values: { ...translated, to: '10.0.0.2' } };
  const at = { missing: undefined, source: undefined };
  // @ts-expect-error: the kernel's families are numbers.
  const family: Assumption = { code: 'rules-assumed', values: { family: 'inet' }, ...at };
  // @ts-expect-error: no such code.
  const taken: Assumption = assumption('rules-dreamt', { family: 4 }, at);
  expect([unknown, wrong, lacking, another, right].map(({ values }) => values.to)).toHaveLength(5);
  expect([family, taken].map(({ code }) => code)).toEqual(['rules-assumed', 'rules-dreamt']);
});

test('the compiler holds the words against the table, and finds nothing', () => {
  expect(UNSAID).toEqual({ actions: {}, assumptions: {}, notes: {}, places: {} });
});
