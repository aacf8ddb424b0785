import { describe, expect, test } from 'vitest';
import { read } from './fixture.ts';

describe('uname', () => {
  test.each([
    [
      'Linux node-1 5.10.0-26-amd64 #1 SMP Debian 5.10.197-1 (2023-09-29) x86_64 GNU/Linux',
      { release: '5.10.0-26-amd64', hostname: 'node-1', machine: 'x86_64' },
    ],
    [
      'Linux ip-10-0-0-5.ec2.internal 4.14.355-275.572.amzn2.aarch64 #1 SMP Tue Jan 1 00:00:00 UTC 2025 aarch64 aarch64 aarch64 GNU/Linux',
      { hostname: 'ip-10-0-0-5.ec2.internal', machine: 'aarch64' },
    ],
    ['Linux edge 3.10.14 #2 Thu Apr 1 12:00:00 CST 2021 mips GNU/Linux', { release: '3.10.14', machine: 'mips' }],
    ['6.1.0-56-amd64', { release: '6.1.0-56-amd64', hostname: undefined, machine: undefined }],
    ['Linux version 6.1.0-56-amd64 (x@y) (gcc-12 12.2.0) #1 SMP', { release: '6.1.0-56-amd64', hostname: undefined }],
  ])('%s', (text, expected) => {
    const capture = read('uname', `${text}\n`);
    expect(capture).toMatchObject({ records: 1, unread: 0 });
    expect(capture.data.kernel).toMatchObject(expected);
  });

  test('what is no release is unread', () => {
    expect(read('uname', 'Darwin x\n')).toMatchObject({ records: 0, unread: 1, data: {} });
  });
});

describe('hostname', () => {
  test('plain and from hostnamectl', () => {
    expect(read('hostname', 'cn-hangzhou.192.168.1.11\n').data.hostname).toBe('cn-hangzhou.192.168.1.11');
    const control = read(
      'hostname',
      '   Static hostname: node-1\n         Icon name: computer-vm\n            Kernel: Linux 5.10.0\n',
    );
    expect(control.data.hostname).toBe('node-1');
    expect(control.unread).toBe(0);
    expect(read('hostname', 'two words\n')).toMatchObject({ records: 0, unread: 1 });
  });
});

describe('date', () => {
  const EPOCH = 1_795_193_741;
  test.each([
    ['Fri Nov 20 16:55:41 UTC 2026', EPOCH, 0],
    ['Sat Nov 21 01:55:41 JST 2026', EPOCH, 540],
    ['Fri Nov 20 04:55:41 PM UTC 2026', EPOCH, 0],
    ['Fri Nov 20 12:55:41 AM UTC 2026', EPOCH - 16 * 3600, 0],
    ['Fri 20 Nov 2026 04:55:41 PM UTC', EPOCH, 0],
    ['Fri, 20 Nov 2026 17:55:41 +0100', EPOCH, 60],
    ['2026-11-20T16:55:41+00:00', EPOCH, 0],
    ['2026-11-20T08:55:41,123456789-08:00', EPOCH, -480],
    ['2026-11-20 16:55:41Z', EPOCH, 0],
    ['2026-11-20 22:25:41.5+05:30', EPOCH, 330],
    [`${EPOCH}`, EPOCH, undefined],
    ['2026年 11月 20日 星期五 16:55:41 UTC', EPOCH, 0],
    ['2026年11月20日 星期五 16时55分41秒 UTC', EPOCH, 0],
  ])('%s', (text, epoch, zone) => {
    const capture = read('date', `${text}\n`);
    expect(capture).toMatchObject({ records: 1, unread: 0 });
    expect(capture.data.time).toMatchObject({ epoch, zoneMinutes: zone, text });
  });

  test('an abbreviation of several meanings gives no epoch; a second clock or timedatectl does', () => {
    expect(read('date', 'Sat Nov 21 00:55:41 CST 2026\n').data.time).toMatchObject({
      epoch: undefined,
      zoneMinutes: undefined,
    });
    expect(read('date', 'Sat Nov 21 00:55:41 CST 2026\nFri Nov 20 16:55:41 UTC 2026\n').data.time).toMatchObject({
      epoch: EPOCH,
      zoneMinutes: 480,
    });
    const control = read(
      'date',
      '               Local time: Sat 2026-11-21 00:55:41 CST\n           Universal time: Fri 2026-11-20 16:55:41 UTC\n                 RTC time: Fri 2026-11-20 16:55:41\n                Time zone: Asia/Shanghai (CST, +0800)\nSystem clock synchronized: yes\n              NTP service: active\n',
    );
    expect(control.unread).toBe(0);
    expect(control.data.time).toMatchObject({ epoch: EPOCH, zoneMinutes: 480 });
  });

  test('what is no date is unread', () => {
    expect(read('date', 'yesterday\n')).toMatchObject({ unread: 1, data: {} });
  });
});

test('uname -srm, and the change of clocks that timedatectl tells', () => {
  expect(read('uname', 'Linux 5.10.0-8-amd64 x86_64\n')).toMatchObject({
    unread: 0,
    data: { kernel: { release: '5.10.0-8-amd64', hostname: undefined } },
  });
  const text =
    '      Local time: Fri 2018-11-02 16:48:53 MDT\n  Universal time: Fri 2018-11-02 22:48:53 UTC\n        Timezone: America/Denver (MDT, -0600)\n Last DST change: DST began at\n                  Sun 2018-03-11 01:59:59 MST\n                  Sun 2018-03-11 03:00:00 MDT\n';
  expect(read('date', text)).toMatchObject({
    unread: 0,
    data: { time: { epoch: Date.parse('2018-11-02T22:48:53Z') / 1000, zoneMinutes: -360 } },
  });
  // Two clocks tell the zone where its abbreviation has several meanings.
  expect(
    read('date', '  Local time: Sat 2026-11-21 00:55:41 CST\n  Universal time: Fri 2026-11-20 16:55:41 UTC\n').data
      .time,
  ).toMatchObject({ epoch: Date.parse('2026-11-20T16:55:41Z') / 1000, zoneMinutes: 480 });
});
