import { expect, test } from 'vitest';
import type { Link } from '../../src/records/link.ts';
import { read } from './fixture.ts';

const links = (text: string): readonly Link[] => {
  const capture = read('ip-addr', text);
  expect(capture.unreadLines).toEqual([]);
  return capture.data.links ?? [];
};
const only = (text: string): Link => {
  const [link, ...others] = links(text);
  expect(others).toEqual([]);
  if (!link) throw new Error('no link');
  return link;
};

const HEAD =
  '7: dev7@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue master br0 state UP group default qlen 1000\n';

test('the head line gives index, peer, flags, mtu, master and state', () => {
  expect(
    only(`${HEAD}    link/ether 8E:5c:00:28:4f:74 brd ff:ff:ff:ff:ff:ff link-netns blue promiscuity 0\n`),
  ).toMatchObject({
    index: 7,
    name: 'dev7',
    peerIndex: 9,
    lower: undefined,
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1450,
    master: 'br0',
    state: 'UP',
    mac: '8e:5c:00:28:4f:74',
    peerNetns: 'blue',
  });
});

test('the name behind @ is a lower device, nothing for NONE', () => {
  const [vlan, tunnel] = links(
    '5: bond0.583@bond0: <UP> mtu 1500\n  vlan protocol 802.1Q id 583 <REORDER_HDR>\n    egress-qos-map { 4:3 } addrgenmode eui64 numtxqueues 1\n' +
      '6: tunl0@NONE: <NOARP> mtu 1480 qdisc noop state DOWN\n    link/ipip 0.0.0.0 brd 0.0.0.0\n',
  );
  expect(vlan).toMatchObject({ lower: 'bond0', peerIndex: undefined, kind: 'vlan', vlanId: 583 });
  expect(tunnel).toMatchObject({ lower: undefined, peerIndex: undefined, kind: 'ipip' });
});

test.each([
  [
    'vxlan id 100 local 10.0.0.1 dev eth0 srcport 0 0 dstport 4800 nolearning ttl auto ageing 300',
    {
      kind: 'vxlan',
      vxlan: {
        id: 100,
        local: '10.0.0.1',
        remote: undefined,
        group: undefined,
        dev: 'eth0',
        port: 4800,
        learning: false,
      },
    },
  ],
  [
    'vxlan id 7 group ff05::100 dev eth0 srcport 0 0 dstport 4789 ageing 300',
    {
      vxlan: {
        id: 7,
        local: undefined,
        remote: undefined,
        group: 'ff05::100',
        dev: 'eth0',
        port: 4789,
        learning: true,
      },
    },
  ],
  ['vxlan id 256 srcport 32768 61000 proxy l2miss l3miss ageing 300', { vxlan: { port: 8472, learning: true } }],
  [
    'ipip any remote any local 10.1.1.1 ttl inherit nopmtudisc',
    { kind: 'ipip', tunnel: { local: '10.1.1.1', remote: undefined } },
  ],
  [
    'gre remote 10.2.2.2 local 10.1.1.1 dev eth0 ttl 64',
    { kind: 'gre', tunnel: { local: '10.1.1.1', remote: '10.2.2.2', dev: 'eth0' } },
  ],
  ['vti remote 10.2.2.2 local 10.1.1.1 ikey 0.0.0.5 okey 0.0.0.5', { kind: 'vti', tunnel: { remote: '10.2.2.2' } }],
  [
    'ip6tnl ip6ip6 remote fd00::2 local fd00::1 hoplimit 64',
    { kind: 'ip6tnl', tunnel: { local: 'fd00::1', remote: 'fd00::2' } },
  ],
  ['xfrm if_id 0x11 addrgenmode eui64', { kind: 'xfrm', xfrmIfId: 17 }],
  ['vlan id 5 <REORDER_HDR>', { kind: 'vlan', vlanId: 5 }],
  ['vrf table 10 addrgenmode eui64', { kind: 'vrf', vrfTable: 10 }],
  ['bond mode 802.3ad miimon 100 updelay 0', { kind: 'bond' }],
  ['macvlan mode bridge bcqueuelen 1000', { kind: 'macvlan' }],
  ['ipvlan  mode l2 bridge', { kind: 'ipvlan' }],
  ['wireguard numtxqueues 1', { kind: 'wireguard' }],
  ['dummy ', { kind: 'dummy' }],
  ['novelty colour blue addrgenmode eui64 numtxqueues 1', { kind: 'novelty' }],
  ['bridge_slave state forwarding priority 32 cost 2 hairpin on guard off', { kind: undefined, hairpin: true }],
  ['bridge_slave state forwarding priority 32 cost 2 hairpin off guard off', { hairpin: false }],
])('detail line: %s', (line, expected) => {
  expect(only(`${HEAD}    link/ether 8e:5c:00:28:4f:74 brd ff:ff:ff:ff:ff:ff\n    ${line}\n`)).toMatchObject(expected);
});

test('a slave keeps its own kind', () => {
  const text = `${HEAD}    link/ether 8e:5c:00:28:4f:74 brd ff:ff:ff:ff:ff:ff\n    veth \n    bridge_slave state forwarding hairpin on \n`;
  expect(only(text)).toMatchObject({ kind: 'veth', hairpin: true });
});

test.each([
  [
    'inet 10.0.0.1/24 brd 10.0.0.255 scope global secondary dynamic noprefixroute eth0:1',
    { family: 4, address: '10.0.0.1', prefixLength: 24, secondary: true, scope: 'global', label: 'eth0:1' },
  ],
  [
    'inet 10.13.37.200 peer 10.13.37.1/32 scope global vpriv',
    { address: '10.13.37.200', prefixLength: 32, peer: '10.13.37.1' },
  ],
  ['inet 10.0.0.1/24 metric 100 brd 10.0.0.255 scope link eth0', { scope: 'link', label: 'eth0' }],
  [
    'inet6 FE80::0001/64 scope link tentative dadfailed ',
    { family: 6, address: 'fe80::1', prefixLength: 64, tentative: true, label: undefined },
  ],
  [
    'inet6 fd00::1/64 scope global deprecated nodad proto kernel_ll',
    { deprecated: true, scope: 'global', label: undefined },
  ],
])('address: %s', (line, expected) => {
  expect(only(`${HEAD}    ${line}\n       valid_lft forever preferred_lft forever\n`).addresses).toMatchObject([
    expected,
  ]);
});

test('an address that is none is unread', () => {
  expect(read('ip-addr', `${HEAD}    inet 10.0.0.256/24 scope global eth0\n`).unread).toBe(1);
  expect(read('ip-addr', `${HEAD}    inet x.x.x.x/24 scope global eth0\n`).unread).toBe(1);
});

test('counts go by their column names; the error block adds frames for another station', () => {
  const text =
    `${HEAD}    link/ether 8e:5c:00:28:4f:74 brd ff:ff:ff:ff:ff:ff\n` +
    '    RX:  bytes packets errors dropped  missed   mcast           \n      1500     10      1       2       0       0 \n' +
    '    RX errors:  length    crc   frame    fifo overrun otherhost\n                  1      0       0       0       0        7 \n' +
    '    TX:  bytes packets errors dropped carrier collsns           \n      900      9      3       4       0       0 \n' +
    '    TX errors: aborted   fifo  window heartbt transns\n                  0      0       0       0       2 \n';
  expect(only(text).stats).toEqual({
    rxPackets: 10,
    rxErrors: 1,
    rxDropped: 2,
    rxOtherhost: 7,
    txPackets: 9,
    txErrors: 3,
    txDropped: 4,
  });
});

test('counts of virtual functions are not the link’s; -h suffixes are understood', () => {
  const text =
    `${HEAD}    RX: bytes  packets  errors  dropped overrun mcast   \n    1.5M       12.3k    0       0       0       0       \n` +
    '    vf 0     link/ether 00:00:00:00:00:00 brd ff:ff:ff:ff:ff:ff, spoof checking off\n    RX: bytes  packets  mcast   bcast   dropped \n    1 2 3 4 5 \n';
  expect(only(text).stats).toMatchObject({ rxPackets: 12_300, rxDropped: 0 });
});

test('-o: pieces of a line, and addresses of one link on several lines', () => {
  const capture = read(
    'ip-addr',
    '2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever preferred_lft forever\n' +
      '2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever\n' +
      '3: vx0: <UP> mtu 1450 state UP \\    link/ether 8e:5c:00:28:4f:74 brd ff:ff:ff:ff:ff:ff\\    vxlan id 3 dstport 4789 \\    RX:  bytes packets errors dropped  missed   mcast \\  1 2 3 4 5 6 \n' +
      '4: bad: <UP> mtu 1450 \\    ??? \\    ???\n',
  );
  expect(
    capture.data.links?.map((link) => [link.name, link.addresses.length, link.vxlan?.id, link.stats?.rxPackets]),
  ).toEqual([
    ['eth0', 2, undefined, undefined],
    ['vx0', 0, 3, 2],
    ['bad', 0, undefined, undefined],
  ]);
  expect(capture).toMatchObject({ lines: 4, unread: 1 });
});

test('-br', () => {
  const [lo, eth] = links(
    'lo               UNKNOWN        127.0.0.1/8 ::1/128 \neth0@if7         UP             10.0.0.2/24 metric 100 fe80::1/64\n',
  );
  expect(lo?.addresses.map((a) => `${a.address}/${a.prefixLength}`)).toEqual(['127.0.0.1/8', '::1/128']);
  expect(eth).toMatchObject({ name: 'eth0', peerIndex: 7, state: 'UP' });
  expect(only('eth0@if7 UP 8e:5c:00:28:4f:74 <BROADCAST,UP> \n')).toMatchObject({
    mac: '8e:5c:00:28:4f:74',
    flags: ['BROADCAST', 'UP'],
  });
});

test('JSON, pretty or not, with the elements of a cut document', () => {
  const text =
    '[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536,"operstate":"UNKNOWN","link_type":"loopback","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host","label":"lo"}]},\n' +
    '{"ifindex":4,"link":null,"link_index":3,"ifname":"vx0","mtu":1450,"operstate":"UP","link_type":"ether","address":"aa:bb:cc:dd:ee:ff","link_netnsid":0,"linkinfo":{"info_kind":"vxlan","info_data":{"id":5,"local":"10.0.0.1","port":4789,"learning":false},"info_slave_kind":"bridge","info_slave_data":{"hairpin":true}},"stats64":{"rx":{"packets":5,"errors":1,"dropped":2},"tx":{"packets":6,"errors":0,"dropped":0}},"addr_info":[]},\n{"ifindex":5,"ifname":"cu';
  const capture = read('ip-addr', text);
  expect(capture).toMatchObject({ lines: 3, unread: 1 });
  expect(capture.data.links).toMatchObject([
    { name: 'lo', kind: 'loopback', addresses: [{ address: '127.0.0.1', prefixLength: 8 }] },
    {
      source: { line: 2 },
      peerIndex: 3,
      peerNetns: '0',
      kind: 'vxlan',
      hairpin: true,
      vxlan: { id: 5, local: '10.0.0.1', port: 4789, learning: false },
      stats: { rxPackets: 5, rxErrors: 1, txPackets: 6 },
    },
  ]);
});

test('ifconfig, new and old', () => {
  const [eth, old] = links(
    'eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        inet 10.0.0.5  netmask 255.255.255.0  broadcast 10.0.0.255\n        inet6 fe80::1  prefixlen 64  scopeid 0x20<link>\n' +
      '        ether 52:54:00:12:34:56  txqueuelen 1000  (Ethernet)\n        RX packets 12  bytes 800 (800.0 B)\n        RX errors 1  dropped 2  overruns 0  frame 0\n        TX packets 9  bytes 700 (700.0 B)\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n' +
      'eth0:1: flags=4163<UP>  mtu 1500\n        inet 10.0.0.6  netmask 255.255.255.0\n\n' +
      'eth1      Link encap:Ethernet  HWaddr 52:54:00:AB:CD:EF  \n          inet addr:10.1.0.5  Bcast:10.1.0.255  Mask:255.255.255.0\n          inet6 addr: fe80::2/64 Scope:Link\n          UP BROADCAST RUNNING MULTICAST  MTU:1400  Metric:1\n          RX packets:5 errors:1 dropped:2 overruns:0 frame:0\n          TX packets:6 errors:0 dropped:3 overruns:0 carrier:0\n          collisions:0 txqueuelen:1000 \n          RX bytes:500 (500.0 B)  TX bytes:600 (600.0 B)\n',
  );
  expect(eth).toMatchObject({
    mtu: 1500,
    mac: '52:54:00:12:34:56',
    addresses: [
      { address: '10.0.0.5', prefixLength: 24 },
      { address: 'fe80::1', prefixLength: 64, scope: 'link' },
      { address: '10.0.0.6', prefixLength: 24 },
    ],
    stats: { rxPackets: 12, rxErrors: 1, rxDropped: 2, txPackets: 9 },
  });
  expect(old).toMatchObject({
    name: 'eth1',
    mac: '52:54:00:ab:cd:ef',
    mtu: 1400,
    flags: ['UP', 'BROADCAST', 'RUNNING', 'MULTICAST'],
    addresses: [{ prefixLength: 24 }, { prefixLength: 64, scope: 'link' }],
    stats: { rxPackets: 5, txDropped: 3 },
  });
});

test('a tool’s message, a command echo and a tc block count as read; a line without a link does not', () => {
  const capture = read(
    'ip-addr',
    'Device "ipsec1" does not exist.\n# tc -s qdisc\nqdisc noqueue 0: dev lo root refcnt 2 \n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0) \n backlog 0b 0p requeues 0\n',
  );
  expect(capture).toMatchObject({ unread: 0, records: 0 });
  expect(capture.toolMessages).toHaveLength(1);
  expect(read('ip-addr', '    inet 10.0.0.1/24 scope global eth0\n').unread).toBe(1);
});

test('a link that is cut by a slice end stays whole', () => {
  const block = Array.from(
    { length: 600 },
    (_, i) => `${i + 1}: eth${i}: <UP> mtu 1500 state UP\n    inet 10.0.${i >> 8}.${i & 255}/24 scope global eth${i}\n`,
  );
  const all = links(block.join(''));
  expect(all).toHaveLength(600);
  expect(all.every((link) => link.addresses.length === 1)).toBe(true);
});
