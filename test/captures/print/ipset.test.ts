import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printSets } from '../../../src/captures/print/ipset.ts';
import type { IpSet, SetMember } from '../../../src/records/ipset.ts';
import { fixture, read } from '../fixture.ts';
import { bundleMembers } from '../recorded-members.ts';
import { corpus, withCorpus } from '../shared-material.ts';

const setsOf = (text: string): readonly IpSet[] => read('ipset', text).data.sets ?? [];

/** Sets as plain data, without where they stood and without what only a listing tells. */
const plain = (sets: readonly IpSet[]) =>
  sets.map(({ name, type, header, members }) => ({
    name,
    type,
    header: [...header],
    members: members.map(({ source: _, ...member }) => member),
  }));

const oneBlank = (text: string) => `${text.trim().replace(/[ \t]+/g, ' ')}\n`;

test('what a kernel saved is printed as it was', () => {
  const text = fixture('ipset/all-types-save.txt');
  expect(printSets(setsOf(text))).toBe(text);
});

test('model → text → model is the model, over the recorded bundles', () => {
  const texts = bundleMembers(new Set(['ipset_list.txt']));
  expect(texts.length).toBeGreaterThan(5);
  for (const { text } of texts) {
    const sets = setsOf(text);
    expect(plain(setsOf(printSets(sets)))).toEqual(plain(sets));
  }
});

describe('over the corpus', withCorpus, () => {
  const texts = corpus('ipset').map((file) => file.text);

  test('text → model → text is the text', () => {
    const saved = texts.filter((text) => text.startsWith('create '));
    expect(saved.length).toBeGreaterThan(3);
    for (const text of saved) {
      // ipset's own test file adds to two sets by turns; printed, members follow their set.
      const ofSet = (lines: string[]) =>
        lines.sort((a, b) => (a.split(' ')[1] ?? '').localeCompare(b.split(' ')[1] ?? ''));
      expect(ofSet(printSets(setsOf(text)).split('\n'))).toEqual(ofSet(oneBlank(text).split('\n')));
    }
  });

  test('model → text → model is the model, whatever form it was read from', () => {
    for (const text of texts) {
      const sets = setsOf(text);
      expect(plain(setsOf(printSets(sets)))).toEqual(plain(sets));
    }
  });
});

const source = { file: 'any', line: 1 };
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,20}$/);
const number = fc.option(fc.nat(), { nil: undefined });
const part = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map(() => '2001:db8::1'),
  fc.tuple(fc.constantFrom('tcp', 'udp', 'sctp'), fc.nat(65535)).map(([proto, port]) => `${proto}:${port}`),
  fc.nat(32).map((length) => `0.0.0.0/${length}`),
);
const member: fc.Arbitrary<SetMember> = fc.record({
  source: fc.constant(source),
  parts: fc.array(part, { minLength: 1, maxLength: 3 }),
  nomatch: fc.boolean(),
  timeout: number,
  packets: number,
  bytes: number,
  comment: fc.option(fc.string({ unit: fc.constantFrom(..."ab ,:é'\\add"), maxLength: 12 }), { nil: undefined }),
  extra: fc.constantFrom<readonly string[]>([], ['wildcard'], ['skbmark', '0x1/0xff', 'skbprio', '1:10']),
});
const set = fc
  .record({
    name,
    type: fc.constantFrom('hash:ip', 'hash:ip,port,net', 'bitmap:port'),
    header: fc.constantFrom<readonly (readonly [string, string])[]>(
      [],
      [['family', 'inet']],
      [
        ['family', 'inet6'],
        ['hashsize', '1024'],
        ['counters', ''],
        ['comment', ''],
        ['initval', '0x1'],
      ],
    ),
    members: fc.array(member, { maxLength: 5 }),
  })
  .map(
    (fields): IpSet => ({
      source,
      references: undefined,
      declaredEntries: undefined,
      ...fields,
      header: new Map(fields.header),
    }),
  );

test('model → text → model is the model, for any model', () => {
  fc.assert(
    fc.property(fc.uniqueArray(set, { selector: (s) => s.name, maxLength: 4 }), (sets) => {
      expect(plain(setsOf(printSets(sets)))).toEqual(plain(sets));
    }),
    { numRuns: 300, seed: 20 },
  );
});
