import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsualEntries } from '../../src/captures/conntrack/conntrack-usual.ts';
import type { CaptureInput } from '../../src/captures/module.ts';
import type { Capture } from '../../src/records/capture.ts';
import { ConntrackColumns } from '../../src/tables/conntrack-columns.ts';
import { read } from './fixture.ts';
import { ownTexts } from './own-material.ts';
import { corpus, everyFile, withCorpus } from './shared-material.ts';

const SEED = 20261121;
/** A line of this sort is read by the grammar, which ends the fast way for the lines around it too: the oracle. */
const grammarOnly = (text: string, over: Partial<CaptureInput>): Capture => read('conntrack', `é${text}`, over);

const rowsOf = (capture: Capture) => {
  const table = capture.data.conntrack;
  return Array.from({ length: table?.count ?? 0 }, (_, row) => table?.entry(row));
};
const account = ({ lines, records, ignored, unread }: Capture) => ({ lines, records, ignored, unread });

/** Both ways read the text behind its first line, which is unread in one of them. */
const sameBothWays = (text: string, over: Partial<CaptureInput> = {}): void => {
  const fast = read('conntrack', `e\n${text}`, over);
  const slow = grammarOnly(`\n${text}`, over);
  expect(rowsOf(fast)).toEqual(rowsOf(slow));
  expect(account(fast)).toEqual(account(slow));
  expect(fast.unreadLines.slice(1)).toEqual(slow.unreadLines.slice(1));
};

const octet = fc.oneof(fc.nat(255), fc.constantFrom('0', '00', '01', '256', '999', '10'));
const address = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.')) },
  { weight: 1, arbitrary: fc.constantFrom('fd00::1', '10.0.0', '10.0.0.1.2', 'x.x.x.x', '') },
);
const number = fc.oneof(fc.nat(70_000), fc.constantFrom('', '0', '007', '4294967295', '4294967296', '99999999999'));
const maybe = (text: fc.Arbitrary<string>) => fc.oneof(fc.constant(''), text);
const tuple = fc
  .tuple(address, address, number, number)
  .map(([src, dst, sport, dport]) => `src=${src} dst=${dst} sport=${sport} dport=${dport}`);
const line = fc
  .tuple(
    fc.constantFrom('', 'ipv4     2 ', 'ipv6     10 ', 'ipv4 2 '),
    fc.constantFrom('tcp      6 ', 'udp      17 ', 'tcp 6 ', 'sctp     132 ', 'icmp     1 '),
    fc.oneof(
      fc.nat(432_000).map((n) => `${n} `),
      fc.constantFrom('', 'XX ', '0 ', '4294967296 '),
    ),
    fc.constantFrom('', 'ESTABLISHED ', 'TIME_WAIT ', 'SYN_SENT2 ', 'CLOSE ', 'S3 ', 'closed '),
    tuple,
    fc.constantFrom(' ', ' [UNREPLIED] ', ' packets=1 bytes=60 ', ' packets=1 bytes=60 [UNREPLIED] '),
    tuple,
    fc.tuple(
      fc.constantFrom('', ' [ASSURED]', ' packets=3 bytes=9', ' [OFFLOAD]'),
      maybe(number.map((n) => ` mark=${n}`)),
      fc.constantFrom('', ' secctx=a:b'),
      maybe(number.map((n) => ` zone=${n}`)),
      maybe(number.map((n) => ` use=${n}`)),
      fc.constantFrom('', ' ', '  ', '\t', ' id=3', ' mark=7', ' labels=x', ' é', 'x'),
    ),
  )
  .map(([family, protocol, timeout, state, original, between, reply, rest]) =>
    [family, protocol, timeout, state, original, between, reply, ...rest].join(''),
  );

test('what is read without the grammar is read as the grammar reads it', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), fc.constantFrom(undefined, 4, 6), (lines, family) =>
      sameBothWays(`${lines.join('\n')}\n`, { family }),
    ),
    { seed: SEED, numRuns: 2000 },
  );
});

test('cut lines and foreign letters are read the same both ways', () => {
  const usual =
    'tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.96.0.1 sport=40000 dport=443 src=10.244.0.3 dst=10.0.0.1 sport=8443 dport=40000 [ASSURED] mark=0 zone=3 use=1\n';
  for (let at = 0; at < usual.length; at += 1) {
    sameBothWays(usual.slice(0, at));
    sameBothWays(`${usual.slice(0, at)}\n${usual}`);
    for (const letter of ['x', ' ', '0', '9', '\n', '\t', 'ı', 'İ'])
      sameBothWays(`${usual.slice(0, at)}${letter}${usual.slice(at + 1)}${usual}`);
  }
});

test('every recorded conntrack capture is read the same both ways', () => {
  expect(ownTexts('conntrack').length).toBeGreaterThan(20);
  for (const text of ownTexts('conntrack')) sameBothWays(text);
});

test('every conntrack capture of the corpus is read the same both ways', withCorpus, () =>
  everyFile(corpus('conntrack'), ({ text }) => sameBothWays(text)),
);

test('nearly all lines of a common dump need no grammar', () => {
  const usual = new UsualEntries(new ConntrackColumns('x'), null);
  const lines = [
    'tcp      6 86399 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [ASSURED] mark=0 use=1\n',
    'udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1 mark=0 zone=1 use=2\n',
    'ipv4     2 tcp      6 9 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1\n',
  ];
  for (const text of lines) {
    expect(usual.open(text)).toBe(true);
    expect(usual.read(0, text.length, 1)).toBe(text.length);
  }
});
