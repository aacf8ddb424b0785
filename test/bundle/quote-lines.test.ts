import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { quoteLines } from '../../src/bundle/quote-lines.ts';
import { withoutSecrets } from '../../src/captures/masking/known-secrets.ts';
import { readBytes, tar, tree } from './archive.ts';
import * as s from './samples.ts';

test('the original lines come back, in a second pass, from standard input too', async () => {
  const long = `${s.CONNTRACK.repeat(5000)}src=x ${'yes '.repeat(1250)}\r\n`;
  const bundle = await readBytes(
    gzipSync(
      await tar(
        tree({ 'w/n1/conntrack.txt': long, 'w/n1/ip_xfrm_state.txt': s.XFRM_STATE, 'w/n2/ip_rule.txt': s.IP_RULE }),
      ),
    ),
  );
  const quotes = await quoteLines(
    bundle,
    new Map([
      ['n1/conntrack.txt', new Set([1, 5000, 5001, 9999])],
      ['n1/ip_xfrm_state.txt', new Set([1, 4])],
      ['absent.txt', new Set([1])],
    ]),
  );
  const conntrack = quotes.get('n1/conntrack.txt');
  expect([...(conntrack?.keys() ?? [])]).toEqual([1, 5000, 5001]);
  expect(conntrack?.get(5000)).toBe(s.CONNTRACK.trimEnd());
  expect(conntrack?.get(5001)).toHaveLength(2000);
  expect(quotes.get('n1/ip_xfrm_state.txt')).toEqual(
    new Map([
      [1, 'src 192.0.2.10 dst 192.0.2.20'],
      [4, '\taead rfc4106(gcm(aes)) [masked] 128'],
    ]),
  );
  expect(quotes.has('absent.txt')).toBe(false);
});

test.each([
  [
    '\tauth-trunc hmac(sha256) 0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 128',
    '\tauth-trunc hmac(sha256) [masked] 128',
  ],
  ['\tenc cbc(aes) 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff', '\tenc cbc(aes) [masked]'],
  ['\tenc cbc(aes) 0x_00112233445566778899aabbccddeeff', '\tenc cbc(aes) [masked]'],
  ['\tauth hmac(md5) 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff', '\tauth hmac(md5) [masked]'],
  ['aead 0x00112233445566778899AABBCCDDEEFF00112233 128', 'aead [masked] 128'],
  ['10.0.0.1 10.0.0.2 : PSK "correct horse"', '10.0.0.1 10.0.0.2 : PSK [masked]'],
  ['10.0.0.1 : PSK 0x00112233445566778899aabbccddeeff', '10.0.0.1 : PSK [masked]'],
  ["psk='s3cret'", 'psk=[masked]'],
  ['a stray 00112233445566778899aabbccddeeff elsewhere', 'a stray [masked] elsewhere'],
  [
    '\tproto esp spi 0x0b51e202(189915650) reqid 16389(0x00004005) mode tunnel',
    '\tproto esp spi 0x0b51e202(189915650) reqid 16389(0x00004005) mode tunnel',
  ],
  ['link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff', 'link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff'],
  [
    'inet6 2001:db8:1111:2222:3333:4444:5555:6666/64 scope global',
    'inet6 2001:db8:1111:2222:3333:4444:5555:6666/64 scope global',
  ],
])('%s', (line, masked) => expect(withoutSecrets(line)).toBe(masked));

test('lines that the table knows are quoted to the letter', async () => {
  const usual = [
    'tcp      6 86399 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [ASSURED] mark=0 use=1',
    'udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1 mark=0 zone=1 use=2',
    'ipv4     2 tcp      6 9 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1',
  ];
  const others = [
    'tcp      6 009 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1',
    'udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=01 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1 mark=0 use=2 ',
    'icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=1204  [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=1204 mark=0 use=1',
    'something else',
  ];
  // More than what is kept of a small member.
  const text = [...usual, ...Array.from({ length: 2000 }, () => usual[1]), ...others, ...usual].map((l) => `${l}\n`);
  const bundle = await readBytes(await tar(tree({ 'n1/conntrack.txt': text.join(''), 'n2/ip_rule.txt': s.IP_RULE })));
  const lastLine = text.length;
  const quoted = async (lines: readonly number[], origins = bundle.origins) =>
    [...(await quoteLines({ ...bundle, origins }, new Map([['n1/conntrack.txt', new Set(lines)]]))).values()][0];
  const expected = (lines: readonly number[]) => new Map(lines.map((line) => [line, text[line - 1]?.slice(0, -1)]));
  const known = [1, 2, 3, 2000, lastLine - 1, lastLine];
  // Without the archive: from the table alone.
  expect(await quoted([...known, lastLine + 1], [])).toEqual(expected(known));
  const rest = [2002, 2003, 2004, 2005, 2006, 2007, 2008];
  for (const line of rest.slice(2, 6)) expect(await quoted([line], [])).toBeUndefined();
  expect(await quoted([...known, ...rest])).toEqual(expected([...known, ...rest].sort((a, b) => a - b)));
});

test('small members are quoted without a second pass', async () => {
  const bundle = await readBytes(await tar(tree({ 'w/n1/ip_rule.txt': s.IP_RULE, 'w/n2/ip_rule.txt': s.IP_RULE })));
  const wanted = new Map([['n2/ip_rule.txt', new Set([1, 2])]]);
  const fromArchive = await quoteLines(
    { ...bundle, origins: bundle.origins.map((origin) => ({ ...origin, texts: new Map() })) },
    wanted,
  );
  expect(fromArchive.get('n2/ip_rule.txt')?.size).toBe(2);
  const gone = bundle.origins.map((origin) => ({
    ...origin,
    source: { kind: 'kept' as const, name: 'gone', chunks: [], bytes: 0 },
  }));
  expect(await quoteLines({ ...bundle, origins: gone }, wanted)).toEqual(fromArchive);
});
