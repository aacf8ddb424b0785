/** A long member's lines go to its reader as bytes: that has to read the same as the text of the same lines. */
import { expect, test } from 'vitest';
import { factsOfName } from '../../src/bundle/layouts/member-name.ts';
import { MemberFeed } from '../../src/bundle/read/member-feed.ts';
import { MemberReader } from '../../src/bundle/read/member-reader.ts';
import { PlainSlices, readText } from '../../src/captures/read-text.ts';
import type { Capture } from '../../src/records/capture.ts';

const NAME = 'node-1/conntrack_-L.txt';

/** mulberry32. */
const random = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
};

const usual = (r: (below: number) => number): string => {
  const [a, b] = [`10.${r(256)}.${r(256)}.${r(256)}`, `172.16.${r(256)}.${r(256)}`];
  const [sport, dport] = [r(65_536), r(65_536)];
  const tail = `${r(3) ? '[ASSURED] ' : ''}mark=${r(2) ? 0 : 4294967295 - r(10)} use=${1 + r(9)}`;
  const state = ['ESTABLISHED', 'CLOSE', 'TIME_WAIT', 'NONE', 'SYN_SENT', 'SYN_SENT2', 'S3'][r(7)];
  return `tcp      6 ${r(432_000)} ${state} src=${a} dst=${b} sport=${sport} dport=${dport} src=${b} dst=${a} sport=${dport} dport=${sport} ${tail}`;
};
const ODD = [
  'udp      17 29 src=fd00::1 dst=fd00::2 sport=1 dport=53 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=53 dport=1 mark=0 use=1',
  'tcp      6 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 packets=1 bytes=60 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 packets=1 bytes=40 [OFFLOAD] mark=0 use=2',
  'tcp      6 9 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1\r',
  '\x1b[0mtcp      6 9 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1',
  'conntrack v1.4.7 (conntrack-tools): 9 flow entries have been shown.',
  'Gerät größer als 10 €',
  '',
  'x'.repeat(300),
];

/** The text of a capture of some hundred KiB; `odd` lines of each hundred are no usual entries. */
const textOf = (odd: number, seed: number): string => {
  const r = random(seed);
  const lines = Array.from({ length: 3000 }, () => (r(100) < odd ? (ODD[r(ODD.length)] ?? '') : usual(r)));
  return `${lines.join('\n')}\n`;
};

const fed = (bytes: Buffer, size: (r: (below: number) => number) => number, lineLength = 1 << 26): Capture => {
  const reader = new MemberReader(NAME, NAME, factsOfName(NAME), undefined);
  const slices = new PlainSlices((slice) => reader.push(slice), lineLength);
  // Nothing is kept of a text but its first lines, so that bytes are taken soon.
  let seen = 0;
  const feed = new MemberFeed(
    reader,
    slices,
    {
      get tooLong() {
        return seen > 8192;
      },
    },
    lineLength,
  );
  const r = random(bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const chunk = bytes.subarray(at, at + 1 + size(r));
    feed.push(chunk);
    at += chunk.length;
    seen = at;
  }
  feed.end();
  const capture = reader.end(false)[0]?.capture;
  if (!capture) throw new Error('nothing was read');
  return capture;
};

const told = ({ lines, records, ignored, unread, unreadLines, data }: Capture) => ({
  lines,
  records,
  ignored,
  unread,
  unreadLines,
  rows: Array.from({ length: data.conntrack?.count ?? 0 }, (_, row) => data.conntrack?.entry(row)),
});
const asText = (text: string) =>
  told(
    readText(
      { kind: 'conntrack', file: NAME, firstLine: 1, command: undefined, family: undefined, device: undefined },
      text,
    ),
  );

test.each([
  ['none', 0],
  ['some', 3],
  ['many', 60],
])('entries read from bytes are those read from text, %s of them unusual', (_, odd) => {
  const text = textOf(odd, 7 + odd);
  const expected = asText(text);
  for (const size of [() => 1 << 20, (r: (n: number) => number) => r(100_000), (r: (n: number) => number) => r(300)])
    expect(told(fed(Buffer.from(text), size))).toEqual(expected);
});

test('a line that ends nowhere, and one that the limit cuts', () => {
  const text = textOf(2, 5).trimEnd();
  expect(told(fed(Buffer.from(text), (r) => r(50_000)))).toEqual(asText(text));
  const long = `${textOf(0, 9)}${'y'.repeat(100_000)}\n${textOf(0, 10)}`;
  const cut = told(fed(Buffer.from(long), (r) => r(70_000), 5000));
  expect({ lines: cut.lines, records: cut.records, unread: cut.unread }).toEqual({
    lines: 6001,
    records: 6000,
    unread: 1,
  });
});
