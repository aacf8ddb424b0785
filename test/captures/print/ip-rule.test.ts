import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printRules } from '../../../src/captures/print/ip-rule.ts';
import type { RouteRule } from '../../../src/records/route.ts';
import { canonicalAddress, canonicalPrefix } from '../../../src/tables/address.ts';
import { read } from '../fixture.ts';
import { bundleMembers } from '../recorded-members.ts';
import { corpus, everyFile, withCorpus } from '../shared-material.ts';

/** The white space that the printer does not keep: the blanks of documents that lost the tab, and those at line ends. */
const plain = (text: string): string => text.trim().replace(/\s+/g, ' ');

const sameText = (file: { readonly text: string }): void => {
  const capture = read('ip-rule', file.text);
  const unread = new Set(capture.unreadLines.map(({ text }) => plain(text)));
  const lines = file.text.split('\n').map(plain);
  expect(
    printRules(capture.data.rules ?? [])
      .split('\n')
      .map(plain),
  ).toEqual(lines.filter((line) => !unread.has(line)));
};

describe('text → model → text', () => {
  test.each(bundleMembers(new Set(['ip_rule.txt', 'ip_-6_rule.txt'])))('$name', sameText);
  test('of the corpus', withCorpus, () => everyFile(corpus('ip-rule'), sameText));
});

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const prefix = (family: 4 | 6) =>
  (family === 4 ? fc.ipV4() : fc.ipV6().map((text) => canonicalAddress(text) ?? '::1')).chain((text) =>
    fc.integer({ min: 1, max: family === 4 ? 32 : 128 }).map((length) => canonicalPrefix(`${text}/${length}`) ?? ''),
  );
const ports = fc.tuple(fc.nat(65_535), fc.nat(65_535)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,14}$/);
const uint32 = fc.nat(0xffffffff);

const rule = (family: 4 | 6): fc.Arbitrary<Omit<RouteRule, 'source'>> =>
  fc
    .record({
      family: fc.constant(family),
      priority: uint32,
      not: fc.boolean(),
      from: optional(prefix(family)),
      to: optional(prefix(family)),
      fwmark: optional(fc.record({ value: uint32, mask: uint32 })),
      iif: optional(name),
      oif: optional(name),
      uidrange: optional(ports),
      ipproto: optional(fc.constantFrom('tcp', 'udp', '47')),
      sport: optional(ports),
      dport: optional(ports),
      tos: optional(fc.constantFrom('0x10', 'lowdelay')),
      l3mdev: fc.boolean(),
      suppressPrefixLength: optional(fc.nat(128)),
      suppressIfGroup: optional(name),
      action: fc.constantFrom<RouteRule['action']>(
        'lookup',
        'goto',
        'blackhole',
        'unreachable',
        'prohibit',
        'nop',
        'nat',
      ),
      target: fc.constantFrom('main', '50', '4294967295'),
      detached: fc.boolean(),
      unresolved: fc.boolean(),
      proto: optional(fc.constantFrom('kernel', 'static', '99')),
    })
    .map(({ detached, unresolved, proto, target, ...rest }) => {
      const named = rest.action === 'lookup' ? !rest.l3mdev : rest.action === 'goto' || rest.action === 'nat';
      return {
        ...rest,
        target: named ? target : undefined,
        ...(detached && (rest.iif ?? rest.oif) !== undefined ? { detached } : {}),
        ...(unresolved && rest.action === 'goto' ? { unresolved } : {}),
        ...(proto === undefined ? {} : { proto }),
      };
    });

describe('model → text → model', () => {
  test.each([4, 6] as const)('IPv%i', (family) => {
    fc.assert(
      fc.property(fc.array(rule(family), { maxLength: 5 }), (models) => {
        const withSource = models.map((model) => ({ ...model, source: { file: 'x', line: 1 } }));
        const capture = read('ip-rule', printRules(withSource), { family });
        expect(capture.unreadLines).toEqual([]);
        expect(capture.data.rules?.map(({ source: _source, ...model }) => model)).toEqual(models);
      }),
      { numRuns: 150 },
    );
  });
});
