import { expect, test } from 'vitest';
import { answersArp, arpSender } from '../../../src/path/routing/arp.ts';
import { inputRoute } from '../../../src/path/routing/input.ts';
import { resolveNeighbour } from '../../../src/path/routing/neighbour.ts';
import type { Neighbour } from '../../../src/records/route.ts';
import { at, hop, link, local, namespace, route, rule } from '../../network/make.ts';
import { ask } from './ask.ts';

const links = [
  link('lo', ['127.0.0.1/8']),
  link('eth0', ['10.0.0.1/24'], { index: 2, mac: '02:00:00:00:00:01' }),
  link('eth1', ['10.1.0.1/24'], { index: 3, mac: '02:00:00:00:00:02' }),
  link('cali0', [], { index: 4 }),
];
const routes = [
  local('127.0.0.0/8', 'lo'),
  local('10.0.0.1', 'eth0'),
  local('10.1.0.1', 'eth1'),
  route('10.0.0.0/24', hop('eth0'), { scope: 'link' }),
  route('10.1.0.0/24', hop('eth1'), { scope: 'link' }),
  route('172.30.0.5/32', hop('cali0'), { scope: 'link' }),
  route('172.31.0.0/16', [], { type: 'blackhole' }),
  route('172.32.0.0/16', [], { type: 'unreachable' }),
  route('172.33.0.0/16', [], { type: 'prohibit' }),
];
const rules = [rule(0, 'local'), rule(32766, 'main'), rule(32767, 'default')];
const FORWARDING = { 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.all.rp_filter': 0, 'net.ipv4.conf.all.accept_local': 0 };
const node = (values: Record<string, number> = {}, over: Parameters<typeof namespace>[0] = {}) =>
  namespace({ links, routes, rules, values: { ...FORWARDING, ...values }, ...over });
const verdict = (dst: string, src: string, iif: string, values: Record<string, number> = {}) =>
  inputRoute(node(values), ask(dst, src), iif)[0];

test('local and forwarded', () => {
  expect(verdict('10.0.0.1', '10.0.0.9', 'eth0')).toMatchObject({ decision: 'local', reason: 'local' });
  expect(verdict('172.30.0.5', '10.0.0.9', 'eth0')).toMatchObject({ decision: 'forward', answer: { dev: 'cali0' } });
});

test('a source of the host’s own is a martian whatever rp_filter says, unless accept_local', () => {
  expect(verdict('10.0.0.1', '10.1.0.1', 'eth0')).toMatchObject({
    reason: 'martian-source',
    icmp: undefined,
    values: { owner: 'eth1' },
  });
  expect(verdict('10.0.0.1', '10.1.0.1', 'eth0')?.proofs).toContainEqual(links[2]?.addresses[0]?.source);
  expect(verdict('10.0.0.1', '10.1.0.1', 'eth0', { 'net.ipv4.conf.eth0.accept_local': 1 })?.decision).toBe('local');
  expect(
    inputRoute(
      node({}, { rules: [...rules, rule(9, '99', { fwmark: { value: 5, mask: 255 } })] }),
      ask('10.0.0.1', '10.1.0.1'),
      'eth0',
    )[0]?.reason,
  ).toBe('martian-source');
});

test('impossible addresses', () => {
  expect(verdict('10.0.0.1', '224.0.0.1', 'eth0')?.reason).toBe('martian-source');
  expect(verdict('10.0.0.1', '0.1.2.3', 'eth0')?.reason).toBe('martian-source');
  expect(verdict('10.0.0.1', '127.0.0.1', 'eth0')).toMatchObject({
    reason: 'martian-source',
    values: { sysctl: 'route_localnet' },
  });
  expect(verdict('127.0.0.1', '10.0.0.9', 'eth0')?.reason).toBe('martian-destination');
  expect(verdict('127.0.0.1', '10.0.0.9', 'eth0', { 'net.ipv4.conf.eth0.route_localnet': 1 })?.decision).toBe('local');
  expect(verdict('127.0.0.1', '127.0.0.1', 'lo')?.decision).toBe('local');
});

test('rp_filter is the larger of all and the device’s: strict wants the same device, loose any', () => {
  const strict = { 'net.ipv4.conf.all.rp_filter': 1, 'net.ipv4.conf.eth0.rp_filter': 0 };
  const loose = { ...strict, 'net.ipv4.conf.eth0.rp_filter': 2 };
  expect(verdict('172.30.0.5', '10.1.0.9', 'eth0', strict)).toMatchObject({
    reason: 'rp-filter',
    values: { rpFilter: 1, reverseDevice: 'eth1' },
  });
  expect(verdict('172.30.0.5', '10.1.0.9', 'eth1', strict)?.decision).toBe('forward');
  expect(verdict('172.30.0.5', '10.1.0.9', 'eth0', loose)?.decision).toBe('forward');
  expect(verdict('172.30.0.5', '8.8.8.8', 'eth0', loose)?.reason).toBe('rp-filter');
  expect(verdict('10.0.0.1', '10.1.0.9', 'cali0', loose)?.reason).toBe('rp-filter');
  expect(inputRoute(node(strict), ask('172.30.0.5', '10.1.0.9'), 'eth0', { decrypted: true })[0]?.decision).toBe(
    'forward',
  );
});

test('the packet’s mark counts for the way back only with src_valid_mark', () => {
  const marked = [...rules, rule(100, '100', { fwmark: { value: 7, mask: 0xff } })];
  const via = [...routes, route('10.1.0.0/16', hop('eth0', '10.0.0.254'), { table: '100' })];
  const of = (valid: number) =>
    inputRoute(
      node(
        { 'net.ipv4.conf.eth0.rp_filter': 1, 'net.ipv4.conf.all.src_valid_mark': valid },
        { rules: marked, routes: via },
      ),
      ask('10.0.0.1', '10.1.0.9', { mark: 7 }),
      'eth0',
    )[0]?.reason;
  expect([of(0), of(1)]).toEqual(['rp-filter', 'local']);
});

test('what does not go on, and the ICMP error that it gets', () => {
  expect(verdict('172.31.0.1', '10.0.0.9', 'eth0')).toMatchObject({ reason: 'blackhole', icmp: undefined });
  expect(verdict('172.32.0.1', '10.0.0.9', 'eth0')).toMatchObject({
    reason: 'unreachable',
    icmp: { type: 3, code: 1 },
  });
  expect(verdict('172.33.0.1', '10.0.0.9', 'eth0')).toMatchObject({ reason: 'prohibit', icmp: { type: 3, code: 13 } });
  expect(verdict('8.8.8.8', '10.0.0.9', 'eth0')).toMatchObject({ reason: 'no-route', icmp: { type: 3, code: 0 } });
  expect(verdict('172.30.0.5', '10.0.0.9', 'eth0', { 'net.ipv4.ip_forward': 0 })).toMatchObject({
    reason: 'no-forwarding',
    icmp: undefined,
  });
  expect(verdict('172.30.0.5', '10.0.0.9', 'eth0', { 'net.ipv4.conf.eth0.forwarding': 0 })?.reason).toBe(
    'no-forwarding',
  );
});

test('without sysctls nobody is accused, and what was assumed is said', () => {
  const ns = namespace({ links, routes, rules });
  const [result] = inputRoute(ns, ask('172.30.0.5', '10.1.0.9'), 'eth0');
  expect(result?.decision).toBe('forward');
  expect(result?.assumptions.map((a) => [a.code, a.values.name])).toEqual(
    expect.arrayContaining([
      ['sysctl-assumed', 'net.ipv4.ip_forward'],
      ['sysctl-assumed', 'net.ipv4.conf.eth0.rp_filter'],
    ]),
  );
});

test('IPv6: forwarding is the whole namespace’s, there is no reverse path filter', () => {
  const six = (forwarding: number) =>
    namespace({
      links: [link('eth0', ['2001:db8::1/64']), link('eth1')],
      routes: [local('2001:db8::1', 'eth0'), route('2001:db8::/64', hop('eth0')), route('fd00::/8', hop('eth1'))],
      values: { 'net.ipv6.conf.all.forwarding': forwarding },
    });
  expect(inputRoute(six(1), ask('fd00::1', 'fd77::9'), 'eth0')[0]?.decision).toBe('forward');
  expect(inputRoute(six(0), ask('fd00::1', 'fd77::9'), 'eth0')[0]?.reason).toBe('no-forwarding');
  expect(inputRoute(six(1), ask('2600::1', 'fd77::9'), 'eth0')[0]).toMatchObject({
    reason: 'no-route',
    icmp: { type: 1, code: 0 },
  });
  expect(inputRoute(six(1), ask('fd00::1', 'fe80::9'), 'eth0')[0]).toMatchObject({
    reason: 'martian-source',
    icmp: { type: 1, code: 2 },
  });
});

const neighbour = (dev: string, address: string, state: string, mac?: string): Neighbour => ({
  source: at('ip_neigh'),
  family: 4,
  address,
  dev,
  mac,
  states: [state],
  router: false,
  proxy: false,
});

test('neighbours: resolved, failed, open, never asked, asked nobody', () => {
  const neighbours = [
    neighbour('eth0', '10.0.0.2', 'STALE', '02:00:00:00:00:09'),
    neighbour('eth0', '10.0.0.3', 'FAILED'),
    neighbour('eth0', '10.0.0.4', 'INCOMPLETE'),
  ];
  const ns = namespace({ links: [...links, link('tun0', [], { flags: ['POINTOPOINT', 'NOARP', 'UP'] })], neighbours });
  const state = (dev: string, address: string) => resolveNeighbour(ns, dev, address).state;
  expect(['2', '3', '4', '5'].map((n) => state('eth0', `10.0.0.${n}`))).toEqual([
    'resolved',
    'failed',
    'incomplete',
    'unknown',
  ]);
  expect(state('tun0', '10.9.9.9')).toBe('noarp');
  expect(resolveNeighbour(namespace({ links }), 'eth0', '10.0.0.2').missing).toEqual({
    kind: 'ip-neigh',
    namespace: 'node',
  });
});

test('ARP: any local address by default, the device’s own with arp_ignore, none for a martian, proxies', () => {
  const answer = (target: string, sender: string, values: Record<string, number> = {}) =>
    answersArp(node(values), 'eth0', target, sender);
  expect(answer('10.1.0.1', '10.0.0.9')).toMatchObject({ answers: true, mac: '02:00:00:00:00:01' });
  expect(answer('10.1.0.1', '10.0.0.9', { 'net.ipv4.conf.all.arp_ignore': 1 })).toMatchObject({
    answers: false,
    reason: 'arp-ignore',
  });
  expect(answer('10.0.0.1', '10.0.0.9', { 'net.ipv4.conf.all.arp_ignore': 1 }).answers).toBe(true);
  expect(answer('10.0.0.1', '10.1.0.1')).toMatchObject({ answers: false, reason: 'sender-refused' });
  expect(answer('10.0.0.7', '10.0.0.9')).toMatchObject({ answers: false, reason: 'not-local' });
  expect(answer('172.30.0.5', '10.0.0.9', { 'net.ipv4.conf.eth0.proxy_arp': 1 })).toMatchObject({
    answers: true,
    reason: 'proxy',
  });
  expect(arpSender(node(), 'eth0', '10.0.0.9', '10.1.0.1')).toBe('10.1.0.1');
  expect(arpSender(node({ 'net.ipv4.conf.all.arp_announce': 2 }), 'eth0', '10.0.0.9', '10.1.0.1')).toBe('10.0.0.1');
});

test('the way back has a protocol for rules to ask only where a rule wants one of what comes in by a device', () => {
  const values = { 'net.ipv4.conf.eth0.rp_filter': 2 };
  const refused = rule(7281, '100', { iif: 'lo', ipproto: 'tcp' });
  const blackhole = [...routes, route('10.0.0.0/24', [], { type: 'blackhole', table: '100' })];
  const asked = { ...ask('10.0.0.1', '10.0.0.9'), proto: 'tcp', sport: 4000, dport: 80 };
  const back = (own: readonly ReturnType<typeof rule>[]) =>
    inputRoute(node(values, { rules: [...rules, ...own], routes: blackhole }), asked, 'eth0')[0];
  expect(back([refused])?.decision).toBe('local');
  // A rule about another port makes the kernel look into every packet.
  expect(back([refused, rule(9000, 'main', { dport: [53, 53] })])?.reason).not.toBe('local');
});
