import { expect, test } from 'vitest';
import { lookupRoute } from '../../../src/path/routing/lookup.ts';
import { outputRoute } from '../../../src/path/routing/output.ts';
import { selectAddress } from '../../../src/path/routing/select-address.ts';
import type { Route } from '../../../src/records/route.ts';
import { address, hop, link, local, namespace, route, rule } from '../../network/make.ts';
import { ask } from './ask.ts';

const lo = link('lo', ['127.0.0.1/8']);
const eth0 = link('eth0', ['10.0.0.1/24'], { index: 2 });
const connected = route('10.0.0.0/24', hop('eth0'), { src: '10.0.0.1', scope: 'link', proto: 'kernel' });
const standard = [rule(0, 'local'), rule(32766, 'main'), rule(32767, 'default')];
const codes = (answers: readonly { readonly assumptions: readonly { readonly code: string }[] }[]) =>
  answers.map((a) => a.assumptions.map((x) => x.code));

test('several next hops share the traffic: one answer each, dead ones left out', () => {
  const hops = [
    hop('eth0', '10.0.0.2'),
    hop('eth0', '10.0.0.3'),
    hop('eth0', '10.0.0.4', { flags: ['dead', 'linkdown'] }),
  ];
  const ns = namespace({
    links: [lo, eth0],
    routes: [local('10.0.0.1', 'eth0'), connected, route('0.0.0.0/0', hops)],
    rules: standard,
  });
  expect(lookupRoute(ns, ask('8.8.8.8')).map((a) => a.via)).toEqual(['10.0.0.2', '10.0.0.3']);
});

test('a device that is down takes its routes with it; linkdown only where the sysctl says so', () => {
  const down = link('eth1', ['10.1.0.1/24'], { flags: ['BROADCAST', 'MULTICAST'] });
  const routes = [
    local('10.0.0.1', 'eth0'),
    connected,
    route('8.0.0.0/8', hop('eth1')),
    route('9.0.0.0/8', hop('eth0', '10.0.0.9', { flags: ['linkdown'] })),
    route('0.0.0.0/0', hop('eth0', '10.0.0.254')),
  ];
  const via = (values: Record<string, number>, dst: string) =>
    lookupRoute(namespace({ links: [lo, eth0, down], routes, rules: standard, values }), ask(dst))[0]?.via;
  expect(via({}, '8.8.8.8')).toBe('10.0.0.254');
  expect(via({}, '9.9.9.9')).toBe('10.0.0.9');
  expect(via({ 'net.ipv4.conf.eth0.ignore_routes_with_linkdown': 1 }, '9.9.9.9')).toBe('10.0.0.254');
});

test('plain `ip route` holds no local table: own addresses are taken from ip addr, and said so', () => {
  const ns = namespace({
    links: [lo, eth0, link('kube-ipvs0', ['10.96.0.1/32'], { flags: ['BROADCAST', 'NOARP'] })],
    routes: [connected],
    rules: standard,
  });
  const answers = outputRoute(ns, ask('10.96.0.1'));
  expect(answers).toMatchObject([{ type: 'local', dev: 'lo', prefSrc: '10.96.0.1' }]);
  expect(codes(answers)).toEqual([['local-table-assumed']]);
  expect(lookupRoute(ns, ask('10.0.0.255'))[0]?.type).toBe('broadcast');
});

test('a table that plain `ip route` does not hold is unknown, and the tables behind it stay possible', () => {
  const rules = [rule(0, 'local'), rule(100, '77', { from: '10.0.0.9/32' }), rule(32766, 'main')];
  const ns = namespace({ links: [lo, eth0], routes: [connected], rules });
  expect(lookupRoute(ns, ask('10.0.0.5', '10.0.0.9')).map((a) => [a.type, a.table])).toEqual([
    ['unknown', '77'],
    ['unicast', 'main'],
  ]);
  expect(lookupRoute(ns, ask('10.0.0.5', '10.0.0.8')).map((a) => a.type)).toEqual(['unicast']);
  const whole = namespace({ links: [lo, eth0], routes: [local('10.0.0.1', 'eth0'), connected], rules });
  expect(lookupRoute(whole, ask('10.0.0.5', '10.0.0.9')).map((a) => a.type)).toEqual(['unicast']);
});

test('no capture of routes: unknown, but for what the addresses tell', () => {
  const ns = namespace({ links: [lo, eth0] });
  expect(lookupRoute(ns, ask('10.0.0.1'))[0]?.type).toBe('local');
  expect(lookupRoute(ns, ask('8.8.8.8'))[0]?.type).toBe('unknown');
});

test('a family that was not asked for is unknown, one without addresses has no routes', () => {
  const v4only = [local('10.0.0.1', 'eth0'), connected];
  const with6 = namespace({ links: [lo, link('eth0', ['10.0.0.1/24', '2001:db8::1/64'])], routes: v4only });
  expect(lookupRoute(with6, ask('2001:db8::2')).map((a) => a.type)).toEqual(['unknown']);
  expect(lookupRoute(namespace({ links: [lo, eth0], routes: v4only }), ask('2001:db8::2')).map((a) => a.type)).toEqual([
    'none',
  ]);
});

test('no capture of rules: the kernel’s own are assumed and said', () => {
  const ns = namespace({ links: [lo, eth0], routes: [local('10.0.0.1', 'eth0'), connected] });
  expect(codes(lookupRoute(ns, ask('10.0.0.7')))).toEqual([['rules-assumed']]);
});

test('a rule on a port that nobody knows yet leaves both ways open', () => {
  const rules = [...standard, rule(50, '50', { ipproto: 'tcp', sport: [1000, 2000] })];
  const ns = namespace({
    links: [lo, eth0],
    routes: [local('10.0.0.1', 'eth0'), connected, route('0.0.0.0/0', hop('eth0', '10.0.0.2'), { table: '50' })],
    rules,
  });
  const answers = lookupRoute(ns, ask('8.8.8.8', '10.0.0.1', { proto: 'tcp' }));
  expect(answers.map((a) => a.type)).toEqual(['unicast', 'none']);
  expect(codes(answers)).toEqual([['rule-undecided'], ['rule-undecided']]);
  expect(lookupRoute(ns, ask('8.8.8.8', '10.0.0.1', { proto: 'tcp', sport: 1500 })).map((a) => a.type)).toEqual([
    'unicast',
  ]);
  expect(lookupRoute(ns, ask('8.8.8.8', '10.0.0.1', { proto: 'udp', sport: 1500 })).map((a) => a.type)).toEqual([
    'none',
  ]);
});

test('a TCP connection asks again with the source that it got, and a `from` rule then holds', () => {
  const rules = [...standard, rule(50, '50', { from: '10.0.0.1' })];
  const ns = namespace({
    links: [lo, eth0],
    routes: [
      local('10.0.0.1', 'eth0'),
      connected,
      route('0.0.0.0/0', hop('eth0', '10.0.0.2')),
      route('0.0.0.0/0', hop('eth0', '10.0.0.3'), { table: '50' }),
    ],
    rules,
  });
  expect(outputRoute(ns, ask('8.8.8.8', undefined, { proto: 'tcp', sport: 4000, dport: 80 }))[0]).toMatchObject({
    via: '10.0.0.3',
    prefSrc: '10.0.0.1',
  });
  expect(outputRoute(ns, ask('8.8.8.8', undefined, { proto: 'icmp' }))[0]?.via).toBe('10.0.0.2');
});

test('a next hop object that the dump does not define is unknown', () => {
  const ns = namespace({
    links: [lo, eth0],
    routes: [local('10.0.0.1', 'eth0'), route('8.0.0.0/8', [], { nhid: 12 })],
    rules: standard,
  });
  expect(lookupRoute(ns, ask('8.8.8.8'))[0]?.type).toBe('unknown');
});

test('the route and the rule that decided are quoted, the kernel’s own rules are not', () => {
  const custom = rule(50, '50', { fwmark: { value: 1, mask: 1 } });
  const marked = route('8.0.0.0/8', hop('eth0', '10.0.0.2'), { table: '50' });
  const ns = namespace({
    links: [lo, eth0],
    routes: [local('10.0.0.1', 'eth0'), connected, marked],
    rules: [...standard, custom],
  });
  expect(lookupRoute(ns, ask('8.8.8.8', undefined, { mark: 3 }))[0]?.proofs).toEqual([custom.source, marked.source]);
  expect(lookupRoute(ns, ask('10.0.0.9'))[0]?.proofs).toEqual([connected.source]);
  expect(lookupRoute(ns, ask('8.8.8.8'))[0]).toMatchObject({ type: 'none', proofs: [{ file: 'ip-route.txt' }] });
});

test('MASQUERADE: the primary address of the next hop’s network, of another device where this one has none', () => {
  const many = link('eth0', ['10.0.0.1/24', address('10.0.0.2/24', { secondary: true }), '192.168.0.1/24'], {
    index: 2,
  });
  const bare = link('wg0', [], { index: 3 });
  const ns = namespace({ links: [lo, many, bare] });
  expect(selectAddress(ns, 'eth0', '192.168.0.77', 4)?.address).toBe('192.168.0.1');
  expect(selectAddress(ns, 'eth0', '8.8.8.8', 4)?.address).toBe('10.0.0.1');
  expect(selectAddress(ns, 'wg0', '8.8.8.8', 4)?.address).toBe('10.0.0.1');
  expect(selectAddress(namespace({ links: [lo, bare] }), 'wg0', '8.8.8.8', 4)).toBeUndefined();
});

test('IPv6 source: scope before label, label before length, deprecated last', () => {
  const six = link(
    'eth0',
    ['fe80::1/64', 'fd00:1::1/64', '2001:db8:1::1/64', address('2001:db8:9::1/64', { deprecated: true })],
    { index: 2 },
  );
  const ns = namespace({ links: [six] });
  expect(selectAddress(ns, 'eth0', '2001:db8:9::5', 6)?.address).toBe('2001:db8:1::1');
  expect(selectAddress(ns, 'eth0', 'fd00:2::5', 6)?.address).toBe('fd00:1::1');
  expect(selectAddress(ns, 'eth0', 'fe80::9', 6)?.address).toBe('fe80::1');
});

test('a lookup among 20 000 routes looks at a few of them', () => {
  let looks = 0;
  const many: Route[] = [];
  for (let i = 0; i < 20_000; i += 1)
    many.push(
      new Proxy(route(`20.${i >> 8}.${i & 255}.0/24`, hop('eth0', '10.0.0.2')), {
        get: (target, key) => {
          looks += 1;
          return Reflect.get(target, key);
        },
      }),
    );
  const ns = namespace({ links: [lo, eth0], routes: [local('10.0.0.1', 'eth0'), connected, ...many], rules: standard });
  lookupRoute(ns, ask('20.1.1.1'));
  expect(looks).toBeGreaterThan(20_000);
  looks = 0;
  for (let i = 0; i < 100; i += 1)
    expect(lookupRoute(ns, ask(`20.${(i * 7) % 78}.${i & 255}.9`))[0]?.via).toBe('10.0.0.2');
  expect(looks).toBeGreaterThan(100);
  expect(looks).toBeLessThan(100 * 50);
});
