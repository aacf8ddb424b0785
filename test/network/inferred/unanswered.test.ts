import { expect, test } from 'vitest';
import type { NetNamespace } from '../../../src/network/namespace.ts';
import { networkOf, packets } from './bundle.ts';

const asks = (way: string, target: string) => `ens1 ${way} ARP, Request who-has ${target} tell 172.30.0.1, length 28`;
const other = 'ens1 In ARP, Request who-has 172.30.0.1 tell 172.30.0.7, length 28';
const failed = (lines: readonly string[]) => {
  const ns = networkOf({ gw: [packets(lines)] }).namespaces.get('gw') as NetNamespace;
  return ns.neighbours.filter((n) => n.states.includes('FAILED')).map((n) => `${n.address} ${n.dev} ${n.origin}`);
};

test('an address that the host asked for three times and nobody answered for is given up', () => {
  const thrice = Array.from({ length: 3 }, () => asks('Out', '172.30.0.9'));
  expect(failed([other, ...thrice])).toEqual(['172.30.0.9 ens1 inferred']);
  expect(failed([other, ...thrice.slice(1)])).toEqual([]);
  expect(failed([other, ...thrice, 'ens1 In ARP, Reply 172.30.0.9 is-at 02:00:00:00:00:09, length 28'])).toEqual([]);
});

test('a capture that shows nothing come in tells of no missing answer; what others ask is no question of the host', () => {
  const thrice = (way: string) => Array.from({ length: 3 }, () => asks(way, '172.30.0.9'));
  expect(failed(thrice('Out'))).toEqual([]);
  expect(failed([other, ...thrice('In')])).toEqual([]);
});
