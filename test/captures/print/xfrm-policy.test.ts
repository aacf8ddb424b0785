import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printXfrmPolicy } from '../../../src/captures/print/xfrm-policy.ts';
import type { Selector, XfrmPolicy } from '../../../src/records/xfrm.ts';
import { canonicalAddress } from '../../../src/tables/address.ts';
import { read } from '../fixture.ts';
import { bundleMembers } from '../recorded-members.ts';
import { corpus, everyFile, withCorpus } from '../shared-material.ts';

const policies = (text: string): readonly XfrmPolicy[] => {
  const capture = read('xfrm-policy', text);
  expect(capture.unreadLines).toEqual([]);
  return capture.data.policies ?? [];
};

/** Lines of which the model keeps nothing: lifetimes and algorithm masks of -s, what an author cut out. */
const UNKEPT =
  /^(?:lifetime (?:config|current):|limit: .*|expire (?:add|use): .*|\d+\(bytes\).*|add \S.* use .*|enc-mask .*|level required|<\.\.\.>)$/;

/** The text without what the model does not keep: blanks, the -s echoes of numbers, masked numbers, the ptype that old tools leave out. */
const kept = (text: string): string[] =>
  text
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replace(/\((?:0x)?[0-9a-f]+\)(?= |$)/g, '')
        .replace(/ uid 0$| share any| flag $| ptype main/g, '')
        .replace(/ flag *$/, '')
        .replace(/ PRIORITY\b/, ' 0')
        .replace(/ spi 0xSPISPI/, '')
        .replace(/ REQID\b/, ' 0')
        .replace(/[ \t]+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '' && !UNKEPT.test(line));

const sameText = (text: string): void => {
  expect(kept(policies(text).map(printXfrmPolicy).join('\n'))).toEqual(kept(text));
};

test('text to model to text, over the corpus', withCorpus, () =>
  everyFile(corpus('xfrm-policy'), ({ text }) => sameText(text)),
);

test('text to model to text, over the recorded bundles', () => {
  const members = bundleMembers(new Set(['ip_xfrm_policy.txt']));
  expect(members.length).toBeGreaterThan(10);
  for (const { text } of members) sameText(text);
});

test('lines are indented as the tool does', () => {
  const text = [
    'src 10.8.0.0/16 dst 10.9.0.0/16 proto tcp sport 80',
    '\tdir fwd action block priority 5 ptype sub flag icmp',
    '\tmark 0x6/0xff',
    '\ttmpl src 172.18.0.4 dst 172.18.0.6',
    '\t\tproto esp spi 0x0000002a reqid 1 mode tunnel',
    '\t\tlevel use',
    '\tcrypto offload parameters: dev p0 mode packet',
    '\tif_id 0x1',
  ].join('\n');
  expect(policies(text).map(printXfrmPolicy)).toEqual([text]);
});

const u32 = fc.nat(0xffffffff);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const address = (family: 4 | 6) => (family === 4 ? fc.ipV4() : fc.ipV6()).map((text) => canonicalAddress(text) ?? '::');
const prefix = (family: 4 | 6) =>
  fc.tuple(address(family), fc.nat(family === 4 ? 32 : 128)).map(([a, length]) => `${a}/${length}`);
const given = <T extends object>(part: T | undefined): Partial<T> => part ?? {};

const selector = (family: 4 | 6): fc.Arbitrary<Selector> =>
  fc
    .record({
      ends: fc.tuple(prefix(family), prefix(family)),
      proto: maybe(fc.constantFrom('tcp', 'udp', 'icmp', '4', 'ipv6-icmp')),
      sport: maybe(fc.nat(65_535)),
      dport: maybe(fc.nat(65_535)),
      dev: maybe(fc.constantFrom('eth0', 'vti-1.2@x')),
      icmp: maybe(fc.record({ icmpType: fc.nat(255), icmpCode: fc.nat(255) })),
    })
    .map(({ ends, icmp, ...rest }) => ({ src: ends[0], dst: ends[1], ...rest, ...given(icmp) }));

const policy = fc.constantFrom<4 | 6>(4, 6).chain((family) =>
  fc
    .record({
      selector: selector(family),
      direction: fc.constantFrom<Pick<XfrmPolicy, 'dir' | 'socketDir'>>(
        { dir: 'in' },
        { dir: 'out' },
        { dir: 'fwd' },
        { dir: 'socket', socketDir: 'in' },
        { dir: 'socket', socketDir: 'out' },
      ),
      action: fc.constantFrom<'allow' | 'block'>('allow', 'block'),
      priority: u32,
      index: maybe(u32),
      ptype: fc.constantFrom<'main' | 'sub'>('main', 'sub'),
      mark: maybe(fc.record({ value: u32, mask: u32 })),
      ifId: maybe(u32),
      templates: fc.array(
        fc.record({
          src: address(family),
          dst: address(family),
          proto: fc.constantFrom('esp', 'ah', 'comp', 'any'),
          spi: maybe(u32),
          reqid: u32,
          mode: fc.constantFrom('tunnel', 'transport', 'beet'),
          optional: fc.boolean(),
        }),
        { maxLength: 3 },
      ),
      flags: maybe(fc.constantFrom(['icmp'], ['localok', 'icmp'])),
      offload: maybe(fc.constantFrom('dev p0 mode packet')),
      securityContext: maybe(fc.constantFrom('system_u:object_r:ipsec_spd_t:s0')),
    })
    .map(
      ({ direction, flags, offload, securityContext, ...rest }): XfrmPolicy => ({
        source: { file: 'node/capture.txt', line: 1 },
        used: undefined,
        ...rest,
        ...direction,
        ...(flags ? { flags } : {}),
        ...(offload ? { offload } : {}),
        ...(securityContext ? { securityContext } : {}),
      }),
    ),
);

test('model to text to model', () => {
  fc.assert(
    fc.property(fc.array(policy, { minLength: 1, maxLength: 5 }), (made) => {
      const read = policies(made.map(printXfrmPolicy).join('\n')).map((one) => ({ ...one, source: made[0]?.source }));
      expect(read).toEqual(made);
    }),
    { seed: 4203, numRuns: 600 },
  );
});
