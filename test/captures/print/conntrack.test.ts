import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printConntrackEntry } from '../../../src/captures/print/conntrack.ts';
import type { ConntrackEntry, Tuple } from '../../../src/records/conntrack.ts';
import { canonicalAddress } from '../../../src/tables/address.ts';
import { read } from '../fixture.ts';
import { bundleMembers } from '../recorded-members.ts';
import { corpus, everyFile, withCorpus } from '../shared-material.ts';

const entries = (text: string): ConntrackEntry[] => {
  const capture = read('conntrack', text);
  expect(capture.unreadLines).toEqual([]);
  const table = capture.data.conntrack;
  return Array.from({ length: table?.count ?? 0 }, (_, row) => table?.entry(row) as ConntrackEntry);
};

/** Lines that hold an entry, with one blank for every run of them. */
const lines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.includes(' src='))
    .map((line) => line.replace(/[ \t]+/g, ' ').trim());

const sameText = (text: string): void => {
  const layer3 = /^ipv[46] /m.test(text);
  const printed = entries(text).map((entry) => printConntrackEntry(entry, layer3));
  expect(lines(printed.join('\n'))).toEqual(lines(text));
};

describe('text to model to text', withCorpus, () => {
  // Numbers that were masked by the log's sanitizers are not in the model.
  const files = corpus('conntrack').filter((file) => !/\bid=XXXX\b/.test(file.text));

  test('leaves one file of the corpus out', () => {
    expect(files).toHaveLength(corpus('conntrack').length - 1);
  });

  test('of every other file', () => everyFile(files, ({ text }) => sameText(text)));
});

test('text to model to text, over the recorded bundles', () => {
  for (const { text } of bundleMembers(new Set(['conntrack_-L.txt']))) sameText(text);
});

test('columns are padded as the tool pads them', () => {
  const text = [
    'ipv4     2 tcp      6 86399 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [ASSURED] mark=0 use=1',
    'ipv6     10 icmpv6   58 29 src=fd00::1 dst=fd00::2 type=128 code=0 id=7 src=fd00::2 dst=fd00::1 type=129 code=0 id=7 mark=0 use=1',
    'ipv4     2 unknown  112 598 src=10.0.0.1 dst=224.0.0.18 [UNREPLIED] src=224.0.0.18 dst=10.0.0.1 mark=0 use=1',
  ].join('\n');
  expect(
    entries(text)
      .map((entry) => printConntrackEntry(entry, true))
      .join('\n'),
  ).toBe(text);
  const event =
    '    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1';
  expect(
    entries(event)
      .map((entry) => printConntrackEntry(entry))
      .join('\n'),
  ).toBe(event);
});

const u16 = fc.nat(65_535);
const u32 = fc.nat(0xffffffff);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const address = (family: 4 | 6) =>
  (family === 4 ? fc.ipV4() : fc.ipV6()).map((text) => canonicalAddress(text) ?? '').filter((text) => text !== '');
const noLayer4 = { sport: undefined, dport: undefined, icmpType: undefined, icmpCode: undefined, icmpId: undefined };

/** Protocol with what its tuples carry. */
const layer4 = fc.oneof(
  fc.record({
    proto: fc.constantFrom('tcp', 'udp', 'sctp', 'dccp', 'udplite'),
    part: fc.record({ sport: u16, dport: u16 }),
  }),
  fc.record({
    proto: fc.constantFrom('icmp', 'icmpv6'),
    part: fc.record({ icmpType: fc.nat(255), icmpCode: fc.nat(255), icmpId: maybe(u16) }),
  }),
  fc.record({ proto: fc.constant('gre'), part: fc.record({ srcKey: u16, dstKey: u16 }) }),
  fc.record({ proto: fc.constantFrom('2', '50', '112', '255'), part: fc.constant({}) }),
);

const entry = fc.constantFrom<4 | 6>(4, 6).chain((family) =>
  fc
    .record({
      layer4,
      ends: fc.tuple(address(family), address(family), address(family), address(family)),
      timeout: maybe(u32),
      state: maybe(fc.constantFrom('SYN_SENT', 'ESTABLISHED', 'TIME_WAIT', 'SYN_SENT2', 'NONE')),
      event: maybe(fc.constantFrom('NEW', 'UPDATE', 'DESTROY')),
      // Doubles of this size keep six places.
      time: maybe(fc.nat(2_000_000_000).map((seconds) => Number(`${seconds}.250001`))),
      flags: fc.record({
        unreplied: fc.boolean(),
        assured: fc.boolean(),
        offload: fc.boolean(),
        hardware: fc.boolean(),
      }),
      numbers: fc.record({
        mark: maybe(u32),
        zone: maybe(u16),
        zoneOriginal: maybe(u16),
        zoneReply: maybe(u16),
        deltaTime: maybe(fc.maxSafeNat()),
        use: maybe(u32),
        id: maybe(u32),
      }),
      originalCount: maybe(fc.tuple(fc.maxSafeNat(), fc.maxSafeNat())),
      replyCount: maybe(fc.tuple(fc.maxSafeNat(), fc.maxSafeNat())),
      secctx: maybe(fc.constantFrom('system_u:object_r:unlabeled_t:s0', 's0-s0:c0.c1023')),
      helper: maybe(fc.constantFrom('ftp', 'sip')),
      extra: maybe(fc.constantFrom('labels=a,b', 'Vendor=1 Other=', '[USERSPACE] portid=7')),
    })
    .map((r): ConntrackEntry => {
      const tuple = (src: string, dst: string): Tuple => ({ ...noLayer4, src, dst, ...r.layer4.part });
      return {
        source: { file: 'node/capture.txt', line: 1 },
        proto: r.layer4.proto,
        family,
        timeout: r.timeout,
        state: r.state,
        original: tuple(r.ends[0], r.ends[1]),
        reply: tuple(r.ends[2], r.ends[3]),
        unreplied: r.flags.unreplied,
        assured: r.flags.assured,
        offload: r.flags.offload,
        hardwareOffload: r.flags.offload && r.flags.hardware,
        event: r.event,
        time: r.event === undefined ? undefined : r.time,
        originalPackets: r.originalCount?.[0],
        originalBytes: r.originalCount?.[1],
        replyPackets: r.replyCount?.[0],
        replyBytes: r.replyCount?.[1],
        secctx: r.secctx,
        helper: r.helper,
        extra: r.extra,
        ...r.numbers,
      };
    }),
);

test('model to text to model', () => {
  fc.assert(
    fc.property(entry, fc.boolean(), (made, layer3) => {
      expect(entries(printConntrackEntry(made, layer3))).toEqual([made]);
    }),
    { seed: 4201, numRuns: 1500 },
  );
});

test('model to text to model, many rows in one table', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 40 }), (made) => {
      const text = made.map((one) => printConntrackEntry(one, true)).join('\n');
      expect(entries(text)).toEqual(made.map((one, i) => ({ ...one, source: { ...one.source, line: i + 1 } })));
    }),
    { seed: 4202, numRuns: 60 },
  );
});
