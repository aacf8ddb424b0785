import { expect, test } from 'vitest';
import type { RouteRule } from '../../src/records/route.ts';
import { read } from './fixture.ts';

test.each<[string, Partial<RouteRule>]>([
  [
    '0:\tfrom all lookup local ',
    { priority: 0, not: false, from: undefined, to: undefined, action: 'lookup', target: 'local', family: 4 },
  ],
  ['512:    from all to 172.31.3.251 lookup main', { to: '172.31.3.251/32', target: 'main' }],
  [
    '100:\tnot from 10.0.0.0/8 fwmark 0x80/0xff lookup 50',
    { not: true, from: '10.0.0.0/8', fwmark: { value: 0x80, mask: 0xff }, target: '50' },
  ],
  ['100:\tfrom all fwmark 0x4000 lookup 50', { fwmark: { value: 0x4000, mask: 0xffffffff } }],
  ['100:\tfrom all iif eth0 [detached] oif eth1 lookup 50', { iif: 'eth0', oif: 'eth1', detached: true }],
  ['1000:\tfrom all lookup [l3mdev-table]', { l3mdev: true, action: 'lookup', target: undefined }],
  ['1000:\tfrom all uidrange 1000-1001 lookup 5', { uidrange: [1000, 1001] }],
  [
    '1000:\tfrom all ipproto tcp sport 80 dport 443-444 lookup 5',
    { ipproto: 'tcp', sport: [80, 80], dport: [443, 444] },
  ],
  ['1000:\tfrom all tos 0x10 lookup 5', { tos: '0x10' }],
  [
    '1000:\tfrom all lookup main suppress_prefixlength 0 proto static',
    { target: 'main', suppressPrefixLength: 0, proto: 'static' },
  ],
  ['1000:\tfrom all lookup main suppress_ifgroup wan', { suppressIfGroup: 'wan' }],
  ['1000:\tfrom all goto 2000 [unresolved]', { action: 'goto', target: '2000', unresolved: true }],
  ['1000:\tfrom all nop', { action: 'nop' }],
  ['1000:\tfrom all blackhole', { action: 'blackhole' }],
  ['1000:\tfrom fd00::/8 unreachable', { action: 'unreachable', family: 6, from: 'fd00::/8' }],
  ['1000:\tfrom all to fd00::1 prohibit', { action: 'prohibit', family: 6, to: 'fd00::1/128' }],
  ['1000:\tfrom 10.0.0.5 lookup 5 map-to 192.0.2.5', { action: 'nat', target: '192.0.2.5' }],
  ['1000:\tfrom all tun_id 5 lookup 5 realms 1/2', { extra: ['tun_id 5', 'realms 1/2'] }],
  ['1000:\tfrom all novelty 7 lookup 5', { extra: ['novelty', '7'], target: '5' }],
])('%s', (line, expected) => {
  const capture = read('ip-rule', `${line}\n`);
  expect(capture).toMatchObject({ records: 1, unread: 0 });
  expect(capture.data.rules).toMatchObject([expected]);
});

test('one address tells the family of all rules; the command or path does too', () => {
  const text = '0:\tfrom all lookup local\n10:\tfrom fd00::/64 lookup 5\n32766:\tfrom all lookup main\n';
  expect(read('ip-rule', text).data.rules?.map((rule) => rule.family)).toEqual([6, 6, 6]);
  expect(read('ip-rule', '0:\tfrom all lookup local\n', { family: 6 }).data.rules?.[0]?.family).toBe(6);
  expect(read('ip-rule', '0:\tfrom all lookup local\n', { command: 'ip -6 rule' }).data.rules?.[0]?.family).toBe(6);
});

test('JSON', () => {
  const capture = read(
    'ip-rule',
    '[{"priority":0,"src":"all","table":"local"},{"priority":10,"not":null,"src":"10.0.0.0","srclen":8,"dst":"192.0.2.1","fwmark":"0x4000","fwmask":"0x4000","iif":"eth0","iif_detached":null,"dport_start":80,"dport_end":90,"table":"50","suppress_prefixlen":0,"protocol":"static"},{"priority":20,"src":"all","l3mdev":null},{"priority":30,"src":"all","action":"blackhole"},{"priority":40,"src":"all","goto":50}]\n',
  );
  expect(capture).toMatchObject({ records: 5, unread: 0 });
  expect(capture.data.rules).toMatchObject([
    { priority: 0, from: undefined, target: 'local' },
    {
      not: true,
      from: '10.0.0.0/8',
      to: '192.0.2.1/32',
      fwmark: { value: 0x4000, mask: 0x4000 },
      detached: true,
      dport: [80, 90],
      target: '50',
      suppressPrefixLength: 0,
      proto: 'static',
    },
    { l3mdev: true },
    { action: 'blackhole' },
    { action: 'goto', target: '50' },
  ]);
});

test('what is no rule is unread', () => {
  const capture = read(
    'ip-rule',
    '10: from $' + '{pod_ip} lookup a\n10: from 10.0.0.300 lookup a\n10: from all to x lookup b\nwhat\n',
  );
  expect(capture).toMatchObject({ records: 0, unread: 4 });
});
