import { expect, test } from 'vitest';
import { read } from './fixture.ts';

const FULL = 'nf_conntrack: nf_conntrack: table full, dropping packet';

test.each([
  [`[   31.353447] ${FULL}`, 31.353447],
  [`<4>[   31.353447] ${FULL}`, 31.353447],
  [`kern  :warn  : [   31.353447] ${FULL}`, 31.353447],
  [`[Fri Nov 20 16:55:41 2026] ${FULL}`, undefined],
  [`2026-11-20T16:55:41,123456+00:00 ${FULL}`, undefined],
  [`Nov 20 16:55:41 node-1 kernel: [   31.353447] ${FULL}`, 31.353447],
  [`Nov  2 16:55:41 node-1 kernel: ${FULL}`, undefined],
  [`2026-11-20T16:55:41.123456+08:00 node-1 kernel: ${FULL}`, undefined],
])('%s', (line, time) => {
  const capture = read('dmesg', `${line}\n`);
  expect(capture.data.messages).toEqual([{ source: { file: 'node/capture.txt', line: 1 }, time, text: FULL }]);
});

test.each([
  'neighbour: arp_cache: neighbor table overflow!',
  'IPv4: martian source 10.0.0.5 from 10.0.0.9, on dev eth0',
  'll header: 00000000: ff ff ff ff ff ff 52 54 00 12 35 02 08 06',
  'IPv4: eth0: 52:54:00:12:35:02 ate my IP address!',
  'IPVS: rr: TCP 10.96.0.1:443 - no destination available',
  'e1000: eth0 NIC Link is Down',
  'IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready',
  'TCP: request_sock_TCP: Possible SYN flooding on port 80. Sending cookies.  Check SNMP counters.',
  'unregister_netdevice: waiting for lo to become free. Usage count = 1',
  'NETDEV WATCHDOG: eth0 (virtio_net): transmit queue 0 timed out',
  'INFO: task kworker/u4:1:123 blocked for more than 120 seconds.',
  'drop: IN=eth0 OUT= MAC=52:54:00 SRC=10.0.0.1 DST=10.0.0.2 LEN=60',
])('kept: %s', (text) => {
  expect(read('dmesg', `[  100.000001] ${text}\n`).data.messages).toMatchObject([{ time: 100.000001, text }]);
});

test('other messages are ignored, none is unread', () => {
  const capture = read(
    'dmesg',
    '[    0.000000] Command line: console=ttyS0 quiet\n[    0.021114] found SMP MP-table at [mem 0x000f5b90-0x000f5b9f]\nodd line\n',
  );
  expect(capture).toMatchObject({ records: 0, ignored: 3, unread: 0 });
});

const packetOf = (text: string) => read('dmesg', `[  100.000001] ${text}\n`).data.messages?.[0]?.packet;

test('a LOG line tells the packet, its devices and the rule’s prefix', () => {
  expect(
    packetOf(
      'IN-world refused: IN=ens3 OUT=br-1f00 MAC=02:00:5e:00:00:01:02:00:5e:00:00:02:08:00 SRC=203.0.113.7 DST=10.9.8.7 LEN=60 TOS=0x00 PREC=0x00 TTL=51 ID=4711 DF PROTO=TCP SPT=40112 DPT=8080 WINDOW=64240 RES=0x00 SYN URGP=0 ',
    ),
  ).toEqual({
    sort: 'log',
    prefix: 'IN-world refused:',
    trace: undefined,
    iif: 'ens3',
    oif: 'br-1f00',
    src: '203.0.113.7',
    dst: '10.9.8.7',
    proto: 'tcp',
    sport: 40112,
    dport: 8080,
    icmpId: undefined,
  });
});

test('an echo’s identifier is ICMP’s, not the IP header’s; what an error quotes is not the packet', () => {
  expect(packetOf('x IN=a OUT= SRC=10.0.0.1 DST=10.0.0.2 ID=7 PROTO=ICMP TYPE=8 CODE=0 ID=901 SEQ=1')).toMatchObject({
    icmpId: 901,
    oif: undefined,
  });
  expect(
    packetOf(
      'x IN=a OUT= SRC=10.0.0.1 DST=10.0.0.2 PROTO=ICMP TYPE=3 CODE=1 [SRC=10.0.0.2 DST=10.3.0.4 PROTO=UDP SPT=1 DPT=2 ]',
    ),
  ).toMatchObject({ src: '10.0.0.1', dst: '10.0.0.2', sport: undefined });
});

test('IPv6, a packet of the host’s own, a line without prefix, one that is cut', () => {
  expect(
    packetOf('IN= OUT=eth1 SRC=2001:0db8::0001 DST=2001:db8::2 LEN=80 PROTO=ICMPv6 TYPE=128 CODE=0 ID=5 SEQ=1'),
  ).toMatchObject({ prefix: '', iif: undefined, oif: 'eth1', src: '2001:db8::1', proto: 'icmp6', icmpId: 5 });
  expect(packetOf('out IN=eth0 OUT=eth1 MAC=02:00 SRC=10.0.0.1 DST=10.0.0.2 LEN=69 T')).toMatchObject({
    proto: undefined,
    dport: undefined,
  });
  expect(packetOf('out IN=eth0 OUT=eth1 MAC=02:00 SRC=10.0.0.1')).toBeUndefined();
});

test('a TRACE line tells where in the tables the packet is', () => {
  expect(
    packetOf('TRACE: filter:FWD-lan:rule:12 IN=lan0 OUT=wan0 SRC=10.0.0.1 DST=10.0.0.2 PROTO=UDP SPT=5 DPT=53'),
  ).toMatchObject({ sort: 'trace', trace: { table: 'filter', chain: 'FWD-lan', at: 'rule', number: 12 } });
});

test('martians: the destination is named first', () => {
  expect(packetOf('IPv4: martian source 10.1.1.5 from 192.0.2.9, on dev eth0')).toMatchObject({
    sort: 'martian-source',
    src: '192.0.2.9',
    dst: '10.1.1.5',
    iif: 'eth0',
  });
  expect(packetOf('martian destination 127.0.0.1 from 10.2.2.2, dev eth1')).toMatchObject({
    sort: 'martian-destination',
    src: '10.2.2.2',
    dst: '127.0.0.1',
    iif: 'eth1',
  });
});
