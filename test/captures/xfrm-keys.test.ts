import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutUnknown } from '../../src/captures/masking/unknown-text.ts';
import { read } from './fixture.ts';

const key = fc.uint8Array({ minLength: 8, maxLength: 72 }).map((bytes) => Buffer.from(bytes).toString('hex'));

const state = (auth: string, enc: string, aead: string): string => `src 10.0.0.1 dst 10.0.0.2
	proto esp spi 0x5c2a91e3(1546293731) reqid 1(0x00000001) mode tunnel
	replay-window 0 seq 0x00000000 flag af-unspec (0x00100000)
	auth-trunc hmac(sha256) 0x${auth} (${auth.length * 4} bits) 128
	enc cbc(aes) 0x${enc}
	auth digest_null 0x${auth}
	aead rfc4106(gcm(aes)) 0x${aead} 128
	anti-replay context: seq 0x0, oseq 0x22b, bitmap 0x00000000
	security context unconfined_u:unconfined_r:netserver_t:s0
	crypto offload parameters: dev eth2 dir out mode packet
	sel src 10.0.0.0/24 dst 10.1.0.0/24
`;

/** Pieces of the key as a reader of the report could find them. */
const leaks = (output: string, secret: string): boolean => {
  for (let at = 0; at + 8 <= secret.length; at += 1) if (output.includes(secret.slice(at, at + 8))) return true;
  return false;
};
const SPI = '5c2a91e3';

const holdsNone = (text: string, keys: readonly string[]): void => {
  const output = JSON.stringify(read('xfrm-state', text));
  for (const secret of keys) expect(leaks(output, secret), text).toBe(false);
};

test('no key is in what is read', () => {
  fc.assert(
    fc.property(key, key, key, (auth, enc, aead) => {
      fc.pre(![auth, enc, aead].some((secret) => /0{8}|00100000/.test(secret) || secret.includes(SPI)));
      holdsNone(state(auth, enc, aead), [auth, enc, aead]);
    }),
    { seed: 4301, numRuns: 300 },
  );
});

test('no key is in what is read of a broken capture: cut, or with a character deleted, inserted or replaced', () => {
  const edit = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('delete', 'insert', 'replace', 'cut-head', 'cut-tail'),
    text: fc.constantFrom(' ', '\n', '\t', 'x', '\0', '0', ':', 'Error: '),
  });
  fc.assert(
    fc.property(key, key, key, edit, (auth, enc, aead, { at, kind, text }) => {
      fc.pre(![auth, enc, aead].some((secret) => /0{8}|00100000/.test(secret) || secret.includes(SPI)));
      const whole = state(auth, enc, aead);
      const i = at % whole.length;
      const broken = {
        delete: whole.slice(0, i) + whole.slice(i + 1),
        insert: whole.slice(0, i) + text + whole.slice(i),
        replace: whole.slice(0, i) + text + whole.slice(i + 1),
        'cut-head': whole.slice(i),
        'cut-tail': whole.slice(0, i),
      }[kind as 'delete'];
      holdsNone(broken, [auth, enc, aead]);
    }),
    { seed: 4302, numRuns: 3000 },
  );
});

test('a line that is quoted keeps what is no key', () => {
  expect(withoutUnknown('\tproto esp spi 0x5c2a91e3 reqid 16401 strange')).toBe(
    '\tproto esp spi 0x5c2a91e3 reqid 16401 strange',
  );
  expect(withoutUnknown('src 10.0.0.1 dst 2001:db8:1:2::45 strange')).toBe('src 10.0.0.1 dst 2001:db8:1:2::45 strange');
  expect(withoutUnknown('\taead rfc4106(gcm(aes)) 0x00112233 4455 128 strange')).toBe(
    '\taead rfc4106(gcm(aes)) [masked]',
  );
  expect(withoutUnknown('8ba2904d0011 128')).toBe('[masked] 128');
});
