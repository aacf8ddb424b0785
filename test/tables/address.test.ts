import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  canonicalAddress,
  canonicalPrefix,
  isLinkLocal,
  isLoopback,
  isMulticast,
  prefixContains,
  prefixLength,
} from '../../src/tables/address.ts';

test.each([
  ['10.1.2.3/8', '10.0.0.0/8', 8],
  ['10.1.2.3', '10.1.2.3/32', 32],
  ['10.1.2.3/32', '10.1.2.3/32', 32],
  ['10.1.2.3/0', '0.0.0.0/0', 0],
  ['192.168.255.255/17', '192.168.128.0/17', 17],
  ['10.1.2.3/08', '10.0.0.0/8', 8],
  ['10.1.2.3/255.255.0.0', '10.1.0.0/16', 16],
  ['2001:DB8:0:0:1::/64', '2001:db8::/64', 64],
  ['fe80::1%eth0', 'fe80::1/128', 128],
])('the prefix %s', (text, canonical, length) => {
  expect(canonicalPrefix(text)).toBe(canonical);
  expect(prefixLength(text)).toBe(length);
});

test.each([
  '10.1.2.3/33',
  '10.1.2.3/',
  '10.1.2.3/x',
  '10.1.2.3/1x',
  '10.1.2/8',
  '010.1.2.3/8',
  '10.1.2.3/255.0.255.0',
  '/8',
])('no prefix: %s', (text) => {
  expect(canonicalPrefix(text)).toBeUndefined();
  expect(prefixLength(text)).toBeUndefined();
});

test('a prefix holds what has its bits', () => {
  const octet = fc.nat(255);
  fc.assert(
    fc.property(
      fc.tuple(octet, octet, octet, octet),
      fc.tuple(octet, octet, octet, octet),
      fc.nat(32),
      (a, b, bits) => {
        const network = canonicalPrefix(`${a.join('.')}/${bits}`) ?? '';
        const inside = b.map(
          (part, i) =>
            (part & (0xff >> Math.min(8, Math.max(0, bits - 8 * i)))) |
            ((a[i] ?? 0) & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * i)))),
        );
        expect(prefixContains(network, inside.join('.'))).toBe(true);
        expect(canonicalPrefix(`${inside.join('.')}/${bits}`)).toBe(network);
        expect(canonicalAddress(b.join('.'))).toBe(b.join('.'));
      },
    ),
    { seed: 20261121 },
  );
});

test.each<[string, boolean, boolean, boolean]>([
  ['127.0.0.1', true, false, false],
  ['127.255.255.254', true, false, false],
  ['128.0.0.1', false, false, false],
  ['::1', true, false, false],
  ['0:0:0:0:0:0:0:1', true, false, false],
  ['::2', false, false, false],
  ['223.255.255.255', false, false, false],
  ['224.0.0.1', false, true, false],
  ['239.255.255.255', false, true, false],
  ['240.0.0.1', false, false, false],
  ['ff02::1', false, true, false],
  ['fe00::1', false, false, false],
  ['169.254.0.1', false, false, true],
  ['169.253.255.255', false, false, false],
  ['fe80::1', false, false, true],
  ['febf::1', false, false, true],
  ['fec0::1', false, false, false],
  ['fe80::1%eth0', false, false, true],
  ['e0.0.0.1', false, false, false],
  ['', false, false, false],
])('%s: loopback %s, multicast %s, link-local %s', (address, loopback, multicast, linkLocal) => {
  expect([isLoopback(address), isMulticast(address), isLinkLocal(address)]).toEqual([loopback, multicast, linkLocal]);
});
