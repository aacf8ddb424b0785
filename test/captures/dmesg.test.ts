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
