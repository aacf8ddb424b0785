import { expect, test } from 'vitest';
import type { CaptureInput } from '../../src/captures/module.ts';
import { read } from './fixture.ts';

const values = (text: string, over: Partial<CaptureInput> = {}) => {
  const capture = read('sysctl', text, over);
  expect(capture.unreadLines).toEqual([]);
  return Object.fromEntries(capture.data.sysctls?.map(({ name, value }) => [name, value]) ?? []);
};

test('names and values as printed, with and without blanks, tabs kept', () => {
  expect(
    values(
      'net.ipv4.conf.eth0/5.rp_filter = 1\nnet.ipv4.tcp_wmem = 4096\t16384\t4194304\nnet.ipv4.ip_forward=1\nkernel.hostname =\n',
    ),
  ).toEqual({
    'net.ipv4.conf.eth0/5.rp_filter': '1',
    'net.ipv4.tcp_wmem': '4096\t16384\t4194304',
    'net.ipv4.ip_forward': '1',
    'kernel.hostname': '',
  });
});

test('paths become names; the dot of a device stays apart', () => {
  expect(values('/proc/sys/net/ipv4/conf/eth0.5/rp_filter = 2\n')).toEqual({ 'net.ipv4.conf.eth0/5.rp_filter': '2' });
});

test('a value of several lines, as procps and as busybox print it', () => {
  const text = 'CD-ROM information\n\tdrive name:';
  expect(values('dev.cdrom.info = CD-ROM information\ndev.cdrom.info = \tdrive name:\nnet.a.b = 1\n')).toEqual({
    'dev.cdrom.info': 'CD-ROM information\n\tdrive name:'.replace('\t', '\t'),
    'net.a.b': '1',
  });
  expect(values(`dev.cdrom.info = ${text}\nnet.a.b = 1\n`)['dev.cdrom.info']).toBe(text);
});

test('what follows a network value is no part of it', () => {
  const capture = read('sysctl', 'net.ipv4.ip_forward = 1\n*** end ***\n');
  expect(capture.data.sysctls?.[0]?.value).toBe('1');
  expect(capture.unread).toBe(1);
});

test('complaints are messages, not values', () => {
  const capture = read(
    'sysctl',
    `sysctl: permission denied on key 'fs.protected_fifos'\nerror: "Operation not permitted" reading key "net.ipv4.route.flush"\nsysctl: reading key "net.ipv6.conf.all.stable_secret"\nsysctl: cannot stat /proc/sys/net/a/b: No such file or directory\nvm.swappiness = 60\n`,
  );
  expect(capture).toMatchObject({ records: 1, unread: 0 });
  expect(capture.toolMessages).toHaveLength(4);
});

test('a file of the /proc/sys tree is named by its path', () => {
  expect(values('1\n', { command: '/proc/sys/net/ipv4/ip_forward' })).toEqual({ 'net.ipv4.ip_forward': '1' });
  expect(values('1\n', { command: 'cat /proc/sys/net/ipv4/conf/eth0.5/rp_filter' })).toEqual({
    'net.ipv4.conf.eth0/5.rp_filter': '1',
  });
  expect(values('1 2\n', { file: 'sos/node/proc/sys/net/ipv4/ping_group_range' })).toEqual({
    'net.ipv4.ping_group_range': '1 2',
  });
});

test('JSON keeps the line of each name', () => {
  const capture = read('sysctl', '{\n  "net.ipv4.ip_forward": "1",\n  "vm.swappiness": "60"\n}\n');
  expect(capture.data.sysctls).toEqual([
    { source: { file: 'node/capture.txt', line: 2 }, name: 'net.ipv4.ip_forward', value: '1' },
    { source: { file: 'node/capture.txt', line: 3 }, name: 'vm.swappiness', value: '60' },
  ]);
});

test('grep names the file before each value', () => {
  const capture = read(
    'sysctl',
    '/proc/sys/net/ipv4/conf/all/rp_filter:0\n/proc/sys/net/ipv4/conf/eth0.5/rp_filter:2\n',
    { command: 'grep . /proc/sys/net/ipv4/conf/*/rp_filter' },
  );
  expect(capture).toMatchObject({ records: 2, unread: 0 });
  expect(capture.data.sysctls?.map(({ name, value }) => [name, value])).toEqual([
    ['net.ipv4.conf.all.rp_filter', '0'],
    ['net.ipv4.conf.eth0/5.rp_filter', '2'],
  ]);
  // Of cat nobody knows which value is whose.
  const cat = read('sysctl', '0\n2\n', { command: 'cat /proc/sys/net/ipv4/conf/*/rp_filter' });
  expect(cat).toMatchObject({ records: 0, unread: 2 });
});
