import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCut } from '../../../src/captures/banners.ts';
import { printRoute, printRoutes } from '../../../src/captures/print/ip-route.ts';
import type { NextHop, Route, RouteType } from '../../../src/records/route.ts';
import { canonicalAddress, canonicalPrefix } from '../../../src/tables/address.ts';
import { read } from '../fixture.ts';
import { bundleMembers } from '../recorded-members.ts';
import { corpus, everyFile, withCorpus } from '../shared-material.ts';

/** The white space that the printer does not keep: indentation, line ends, and the doubled blanks of old releases. */
const plain = (text: string): string => text.trim().replace(/\s+/g, ' ');
const shownTable = (command: string): string => /\btable (?!all)(\S+)/.exec(command)?.[1] ?? 'main';

const sameText = (file: { readonly text: string; readonly command: string }): void => {
  const capture = read('ip-route', file.text, { command: file.command });
  const skipped = new Set([...capture.unreadLines, ...capture.toolMessages].map(({ text }) => plain(text)));
  const lines = file.text.split('\n').map(plain);
  expect(printRoutes(capture.data.routes ?? [], shownTable(file.command)).split('\n')).toEqual(
    lines.filter((line, i) => !skipped.has(line) && !isCut(line) && (line !== '' || i === lines.length - 1)),
  );
};

describe('text → model → text', () => {
  test.each(bundleMembers(new Set(['ip_route.txt', 'ip_-6_route.txt'])))('$name', ({ text }) =>
    sameText({ text, command: '' }),
  );
  test('of the corpus', withCorpus, () =>
    everyFile(
      corpus('ip-route').filter((file) => !/\bget\b|-n\b/.test(file.command)),
      sameText,
    ),
  );
});

const v4 = fc.ipV4();
const v6 = fc.ipV6().map((text) => canonicalAddress(text) ?? '::1');
const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,14}$/).filter((word) => word !== 'lock');
const address = (family: 4 | 6) => (family === 4 ? v4 : v6);

const hop = (family: 4 | 6): fc.Arbitrary<NextHop> =>
  fc.record({
    via: fc.option(address(family), { nil: undefined }),
    dev: name,
    weight: fc.integer({ min: 1, max: 256 }),
    onlink: fc.boolean(),
    flags: fc.subarray(['dead', 'pervasive', 'linkdown', 'rt_offload']),
  });

const route = (family: 4 | 6): fc.Arbitrary<Omit<Route, 'source'>> =>
  fc
    .record({
      family: fc.constant(family),
      type: fc.constantFrom<RouteType>(
        'unicast',
        'local',
        'broadcast',
        'multicast',
        'anycast',
        'blackhole',
        'unreachable',
        'prohibit',
        'throw',
      ),
      prefix: fc
        .tuple(address(family), fc.integer({ min: 0, max: family === 4 ? 32 : 128 }))
        .map(([text, length]) => canonicalPrefix(`${text}/${length}`) ?? '10.0.0.0/8'),
      table: fc.constantFrom('main', 'local', 'default', '150', '4294967295'),
      proto: fc.option(fc.constantFrom('kernel', 'static', 'bird', '17'), { nil: undefined }),
      scope:
        family === 4
          ? fc.option(fc.constantFrom('link', 'host', 'nowhere', '200'), { nil: undefined })
          : fc.constant(undefined),
      src: fc.option(address(family), { nil: undefined }),
      metric: fc.nat(),
      tos: fc.option(fc.constantFrom('0x10', 'lowdelay'), { nil: undefined }),
      mtu: fc.option(fc.integer({ min: 68, max: 65_535 }), { nil: undefined }),
      advmss: fc.option(fc.nat(65_535), { nil: undefined }),
      nhid: fc.option(fc.nat(), { nil: undefined }),
      nextHops: fc.array(hop(family), { minLength: 1, maxLength: 3 }),
      extra: fc.subarray(
        ['expires 30sec', 'error -101', 'hoplimit 64', 'initcwnd 10', 'pref medium'].slice(0, family === 4 ? 4 : 5),
      ),
    })
    .map(({ extra, nextHops, ...rest }) => {
      const without = ['blackhole', 'unreachable', 'prohibit', 'throw'].includes(rest.type);
      // A single next hop's weight is not printed.
      const hops = without ? [] : nextHops.length === 1 ? nextHops.map((one) => ({ ...one, weight: 1 })) : nextHops;
      return { ...rest, nextHops: hops, ...(extra.length > 0 ? { extra } : {}) };
    });

describe('model → text → model', () => {
  test.each([4, 6] as const)('IPv%i', (family) => {
    fc.assert(
      fc.property(fc.array(route(family), { maxLength: 5 }), fc.constantFrom('main', '150'), (models, shown) => {
        const withSource = models.map((model) => ({ ...model, source: { file: 'x', line: 1 } }));
        const text = printRoutes(withSource, shown);
        const capture = read('ip-route', text, { family, command: `ip route show table ${shown}` });
        expect(capture.unreadLines).toEqual([]);
        expect(capture.data.routes?.map(({ source: _source, ...model }) => model)).toEqual(models);
      }),
      { numRuns: 150 },
    );
  });
});

test('what the printer is for: the words of a change that a reader can type', () => {
  const [model] = read('ip-route', '10.2.0.0/16 via 10.0.0.9 dev eth0 onlink table 150\n').data.routes ?? [];
  if (!model) throw new Error('no route');
  expect(printRoute(model)).toBe('10.2.0.0/16 via 10.0.0.9 dev eth0 table 150 onlink');
});
