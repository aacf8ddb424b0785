import { expect, test } from 'vitest';
import type { CaptureInput } from '../../src/captures/module.ts';
import type { Route } from '../../src/records/route.ts';
import { read } from './fixture.ts';

const routes = (text: string, over: Partial<CaptureInput> = {}): readonly Route[] => {
  const capture = read('ip-route', text, over);
  expect(capture.unreadLines).toEqual([]);
  return capture.data.routes ?? [];
};

test.each<[string, Partial<Route>]>([
  [
    'default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.5 metric 100 onlink linkdown',
    {
      family: 4,
      type: 'unicast',
      prefix: '0.0.0.0/0',
      table: 'main',
      proto: 'dhcp',
      src: '10.0.0.5',
      metric: 100,
      nextHops: [{ via: '10.0.0.1', dev: 'eth0', weight: 1, onlink: true, flags: ['linkdown'] }],
    },
  ],
  ['10.1.2.3 dev cali1 scope link', { prefix: '10.1.2.3/32', scope: 'link', metric: 0 }],
  [
    '10.0.0.0/8 via inet6 fe80::1 dev eth0',
    { family: 4, nextHops: [{ via: 'fe80::1', dev: 'eth0', weight: 1, onlink: false, flags: [] }] },
  ],
  ['default via inet6 fe80::1 dev eth0 proto bgp', { family: 4, prefix: '0.0.0.0/0' }],
  [
    'local fe80::1 dev eth0 table local proto kernel metric 0 pref medium',
    { family: 6, type: 'local', table: 'local', prefix: 'fe80::1/128', extra: ['pref medium'] },
  ],
  ['blackhole 10.9.0.0/16 proto bird', { type: 'blackhole', nextHops: [], proto: 'bird' }],
  [
    'unreachable default dev lo metric 4294967295 error -101 pref medium',
    { family: 6, type: 'unreachable', nextHops: [], extra: ['error -101', 'pref medium', 'dev lo'] },
  ],
  ['prohibit 10.9.0.0/16 table 7', { type: 'prohibit', table: '7' }],
  ['throw 10.9.0.0/16', { type: 'throw' }],
  ['anycast fe80:: dev eth0 table local proto kernel metric 0 pref medium', { type: 'anycast', prefix: 'fe80::/128' }],
  [
    '10.1.0.0/16 via 10.0.0.1 dev eth0 mtu lock 1400 advmss 1360 initcwnd 10',
    { mtu: 1400, mtuLocked: true, advmss: 1360, extra: ['initcwnd 10'] },
  ],
  ['10.1.0.0/16 nhid 12 via 10.0.0.1 dev eth0 proto zebra metric 20 rt_offload', { nhid: 12, metric: 20 }],
  ['10.1.0.0/16 tos 0x10 via 10.0.0.1 dev eth0', { tos: '0x10' }],
  [
    '10.1.0.0/16 encap ip id 42 src 10.0.0.5 dst 10.0.0.9 ttl 64 tos 0 via 10.0.0.1 dev eth0',
    {
      src: undefined,
      nextHops: [
        {
          via: '10.0.0.1',
          dev: 'eth0',
          weight: 1,
          onlink: false,
          flags: [],
          encap: 'ip id 42 src 10.0.0.5 dst 10.0.0.9 ttl 64 tos 0',
        },
      ],
    },
  ],
  [
    '10.1.0.0/16 encap mpls  100 via 10.0.0.1 dev eth0',
    { nextHops: [expect.objectContaining({ encap: 'mpls  100' })] },
  ],
  [
    '2001:db8::/64 dev eth0 proto ra metric 100 expires 2591987sec pref high',
    { extra: ['expires 2591987sec', 'pref high'] },
  ],
  [
    'default from 2001:db8:1::/64 via fe80::1 dev eth0 proto ra metric 512 pref medium',
    { from: '2001:db8:1::/64', prefix: '::/0' },
  ],
  ['10.1.0.0/16 via 10.0.0.1 dev eth0 novelty 7', { extra: ['novelty', '7'] }],
  ['0/8 dev dummy0 scope link', { prefix: '0.0.0.0/8' }],
])('%s', (line, expected) => {
  const [route, ...others] = routes(`${line} \n`);
  expect(others).toEqual([]);
  expect(route).toMatchObject(expected);
});

test('next hops on lines of their own, on the same line, and behind a backslash', () => {
  const hops = [
    { via: '10.0.0.1', dev: 'a', weight: 1, onlink: false, flags: [] },
    { via: '10.0.0.2', dev: 'b', weight: 3, onlink: true, flags: ['linkdown'] },
  ];
  for (const text of [
    'default proto bird metric 32 \n\tnexthop via 10.0.0.1 dev a weight 1 \n\tnexthop via 10.0.0.2 dev b weight 3 onlink linkdown \n10.0.0.0/24 dev a scope link\n',
    'default proto bird metric 32 nexthop via 10.0.0.1 dev a weight 1 nexthop via 10.0.0.2 dev b weight 3 onlink linkdown\n10.0.0.0/24 dev a\n',
    'default proto bird metric 32 \\\tnexthop via 10.0.0.1 dev a weight 1 \\\tnexthop via 10.0.0.2 dev b weight 3 onlink linkdown \n10.0.0.0/24 dev a\n',
  ]) {
    const [first, second] = routes(text);
    expect(first).toMatchObject({ family: 4, metric: 32, nextHops: hops });
    expect(second?.nextHops).toHaveLength(1);
  }
});

test('a row of a destination alone is a route only if next hops follow', () => {
  expect(
    routes('192.0.2.0/25\n\tnexthop via 10.0.0.1 dev a weight 1\n\tnexthop via 10.0.0.2 dev b weight 1\n'),
  ).toHaveLength(1);
  const capture = read('ip-route', '192.0.2.0/25\n192.0.2.128/25\n');
  expect(capture).toMatchObject({ records: 0, unread: 2 });
  expect(capture.unreadLines.map(({ source }) => source.line)).toEqual([1, 2]);
});

test('the table that the command names is the rows’ own', () => {
  for (const command of [
    'ip route show table 150',
    'ip -6 route list table 150',
    'ip r s tab 150',
    'ip_route_show_table_150',
  ])
    expect(routes('10.0.0.0/8 dev a\n10.1.0.0/16 dev a table 7\n', { command }).map((route) => route.table)).toEqual([
      '150',
      '7',
    ]);
  expect(routes('10.0.0.0/8 dev a\n', { command: 'ip route show table all' })[0]?.table).toBe('main');
});

test('the family of a default route without address', () => {
  expect(routes('default dev wg0\n')[0]?.prefix).toBe('0.0.0.0/0');
  expect(routes('default dev wg0\n', { family: 6 })[0]?.prefix).toBe('::/0');
  expect(routes('default dev wg0\n', { command: 'ip -6 route' })[0]?.prefix).toBe('::/0');
  const mixed = routes(
    '10.0.0.0/8 dev a\ndefault dev wg0 table 5\nfd00::/8 dev a table 7\nunreachable default dev lo table 7 metric 1\n',
  );
  expect(mixed.map((route) => route.prefix)).toEqual(['10.0.0.0/8', '0.0.0.0/0', 'fd00::/8', '::/0']);
});

test('answers of ip route get are recognised and ignored', () => {
  for (const text of [
    '192.0.2.1 via 10.0.0.1 dev eth0 src 10.0.0.5 uid 0 \n    cache \n',
    '192.0.2.1 via 10.0.0.1 dev eth0  src 10.0.0.5 \n    cache  mtu 1400\n',
    'local 10.0.0.5 dev lo src 10.0.0.5 uid 0 \n    cache <local> \n',
    '2001:db8::1 from :: via fe80::1 dev eth0 src 2001:db8::5 metric 1024 pref medium\n',
  ]) {
    const capture = read('ip-route', text);
    expect(capture).toMatchObject({ records: 0, unread: 0 });
    expect(capture.data.routes).toEqual([]);
  }
  expect(read('ip-route', '192.0.2.1 via 10.0.0.1 dev eth0\n', { command: 'ip route get 192.0.2.1' }).records).toBe(0);
});

test('a cached copy of an IPv6 route stays in the table', () => {
  const [route] = routes('2001:db8::1 via fe80::1 dev eth0  metric 0 \n    cache  mtu 1400 hoplimit 64\n');
  expect(route).toMatchObject({ prefix: '2001:db8::1/128', cached: 'mtu 1400 hoplimit 64' });
});

test('route -n, netstat -rn and route -6 -n', () => {
  const head = 'Kernel IP routing table\nDestination     Gateway         Genmask         Flags ';
  const rows =
    '0.0.0.0         192.168.1.1     0.0.0.0         UG    100    0        0 eth0\n10.1.0.0        0.0.0.0         255.255.0.0     U     0      0        0 cni0\n10.9.0.0        -               255.255.0.0     !     0      -        0 -\n';
  expect(routes(`${head}Metric Ref    Use Iface\n${rows}`)).toMatchObject([
    { prefix: '0.0.0.0/0', metric: 100, table: 'main', nextHops: [{ via: '192.168.1.1', dev: 'eth0' }] },
    { prefix: '10.1.0.0/16', scope: 'link', nextHops: [{ via: undefined, dev: 'cni0' }] },
    { prefix: '10.9.0.0/16', type: 'unreachable', nextHops: [] },
  ]);
  expect(routes(`${head}MSS Window  irtt Iface\n${rows}`)[0]?.metric).toBe(0);
  expect(
    routes(
      'Kernel IPv6 routing table\nDestination                    Next Hop                   Flag Met Ref Use If\nfe80::/64                      [::]                       U    256 1     0 eth0\n[::]/0                         fe80::1                    UG   1024 1    0 eth0\n',
    ),
  ).toMatchObject([
    { family: 6, prefix: 'fe80::/64', metric: 256 },
    { prefix: '::/0', nextHops: [{ via: 'fe80::1' }] },
  ]);
});

test('JSON', () => {
  const text =
    '[{"dst":"default","gateway":"10.0.0.1","dev":"eth0","protocol":"dhcp","prefsrc":"10.0.0.5","metric":100,"flags":["onlink"]},\n' +
    '{"type":"local","dst":"10.0.0.5","dev":"eth0","table":"local","protocol":"kernel","scope":"host","flags":[]},\n' +
    '{"dst":"10.1.0.0/16","flags":[],"metrics":[{"mtu":1400}],"nexthops":[{"gateway":"10.0.0.2","dev":"a","weight":2,"flags":[]},{"via":{"family":"inet6","host":"fe80::2"},"dev":"b","weight":1,"flags":["linkdown"]}]}]\n';
  const capture = read('ip-route', text);
  expect(capture).toMatchObject({ records: 3, unread: 0, lines: 3 });
  expect(capture.data.routes).toMatchObject([
    {
      prefix: '0.0.0.0/0',
      src: '10.0.0.5',
      metric: 100,
      nextHops: [{ via: '10.0.0.1', onlink: true }],
      source: { line: 1 },
    },
    { type: 'local', table: 'local', scope: 'host', source: { line: 2 } },
    {
      mtu: 1400,
      nextHops: [
        { via: '10.0.0.2', weight: 2 },
        { via: 'fe80::2', flags: ['linkdown'] },
      ],
    },
  ]);
});

test('bad lines are unread and explained; messages say why a table is missing', () => {
  const capture = read(
    'ip-route',
    '10.0.0.256/24 dev a\n10.0.0.1 is not here\nhello\nError: ipv4: FIB table does not exist.\nDump terminated\n',
  );
  expect(capture).toMatchObject({ unread: 3, records: 0 });
  expect(capture.unreadLines[1]?.expected).toBeDefined();
  expect(capture.toolMessages).toHaveLength(2);
});

test('next hops stay with their route over slices', () => {
  const text = Array.from(
    { length: 1500 },
    (_, i) =>
      `10.${i >> 8}.${i & 255}.0/24 proto bird \n\tnexthop via 10.0.0.1 dev a weight 1 \n\tnexthop via 10.0.0.2 dev b weight 1 \n`,
  );
  const all = routes(text.join(''));
  expect(all).toHaveLength(1500);
  expect(all.every((route) => route.nextHops.length === 2)).toBe(true);
});

test('busybox prints no next hops of a route that has several: it is a route, and where it leads is not told', () => {
  const capture = read(
    'ip-route',
    [
      'default ',
      '10.0.0.0/24 dev v0 scope link  src 10.0.0.5 ',
      '10.1.0.0/16  metric 32 ',
      '10.5.0.0/16 via 10.0.0.1 dev v0 ',
      '10.7.0.0/16  src 10.0.0.5 ',
      '10.8.0.0/24 table 77 ',
      '10.9.0.0/24 ',
      'fd00:9::/64  metric 1024 ',
      'blackhole 10.10.0.0/16 ',
      '',
    ].join('\n'),
  );
  expect(capture).toMatchObject({ records: 9, unread: 0, lines: 9 });
  expect(
    (capture.data.routes ?? []).map(({ prefix, table, nextHops, nhid }) => [prefix, table, nextHops.length, nhid]),
  ).toEqual([
    ['0.0.0.0/0', 'main', 0, 0],
    ['10.0.0.0/24', 'main', 1, undefined],
    ['10.1.0.0/16', 'main', 0, 0],
    ['10.5.0.0/16', 'main', 1, undefined],
    ['10.7.0.0/16', 'main', 0, 0],
    ['10.8.0.0/24', '77', 0, 0],
    ['10.9.0.0/24', 'main', 0, 0],
    ['fd00:9::/64', 'main', 0, 0],
    ['10.10.0.0/16', 'main', 0, undefined],
  ]);
});

test('ip -N prints the numbers of the types', () => {
  const capture = read(
    'ip-route',
    '9 10.6.0.0/16 table 50 \n2 10.0.0.5 dev v0 table 255 proto 2 scope 254 src 10.0.0.5 \n7 10.8.0.0/16 \n6 10.9.0.0/16 \n5 ff00::/8 dev v0 table 255 proto 2 metric 256 pref medium\n',
  );
  expect(capture).toMatchObject({ records: 5, unread: 0 });
  expect(capture.data.routes?.map((route) => route.type)).toEqual([
    'throw',
    'local',
    'unreachable',
    'blackhole',
    'multicast',
  ]);
});
