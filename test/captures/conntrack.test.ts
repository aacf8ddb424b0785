import { expect, test } from 'vitest';
import type { ConntrackEntry } from '../../src/records/conntrack.ts';
import { read } from './fixture.ts';

const entries = (text: string, over = {}): ConntrackEntry[] => {
  const capture = read('conntrack', text, over);
  expect(capture.unreadLines).toEqual([]);
  const table = capture.data.conntrack;
  return Array.from({ length: table?.count ?? 0 }, (_, row) => table?.entry(row) as ConntrackEntry);
};
const only = (line: string): ConntrackEntry => {
  const [entry, ...rest] = entries(line);
  expect(rest).toEqual([]);
  return entry as ConntrackEntry;
};

test('an extended line with counters', () => {
  const entry = only(
    'ipv4     2 tcp      6 86399 ESTABLISHED src=10.157.28.103 dst=192.168.0.1 sport=54396 dport=443 packets=12 bytes=5000000000 src=10.157.28.93 dst=10.157.28.103 sport=6443 dport=54396 packets=7 bytes=900 [ASSURED] mark=4294967295 secctx=system_u:object_r:unlabeled_t:s0 zone=7 delta-time=61 use=2 id=3735928559 labels=a,b\n',
  );
  expect(entry).toMatchObject({
    source: { file: 'node/capture.txt', line: 1 },
    proto: 'tcp',
    family: 4,
    timeout: 86399,
    state: 'ESTABLISHED',
    original: { src: '10.157.28.103', dst: '192.168.0.1', sport: 54396, dport: 443, icmpType: undefined },
    reply: { src: '10.157.28.93', dst: '10.157.28.103', sport: 6443, dport: 54396 },
    unreplied: false,
    assured: true,
    offload: false,
    mark: 0xffffffff,
    zone: 7,
    originalPackets: 12,
    originalBytes: 5_000_000_000,
    replyPackets: 7,
    replyBytes: 900,
    secctx: 'system_u:object_r:unlabeled_t:s0',
    deltaTime: 61,
    use: 2,
    id: 3735928559,
    extra: 'labels=a,b',
    event: undefined,
  });
});

test('a field that was printed as 0 is 0, one that was not printed is undefined', () => {
  const entry = only(
    'udp      17 0 src=10.0.0.1 dst=10.0.0.2 sport=0 dport=53 src=10.0.0.2 dst=10.0.0.1 sport=53 dport=0 mark=0',
  );
  expect(entry).toMatchObject({ timeout: 0, mark: 0, original: { sport: 0 } });
  expect(entry.zone).toBeUndefined();
  expect(entry.originalPackets).toBeUndefined();
  expect(entry.use).toBeUndefined();
});

test.each([
  ['[OFFLOAD]', false],
  ['[HW_OFFLOAD]', true],
])('%s entries have no timeout in /proc', (flag, hardware) => {
  const entry = only(
    `ipv4     2 tcp      6 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 packets=1 bytes=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 packets=3 bytes=4 ${flag} mark=0 zone=0 use=3`,
  );
  expect(entry).toMatchObject({ timeout: undefined, offload: true, hardwareOffload: hardware, assured: false });
});

test('icmp, icmpv6, gre, sctp, dccp, udplite and unknown protocols', () => {
  const read = entries(
    [
      'icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=1204 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=1204 mark=0 use=1',
      'ipv6     10 icmpv6   58 29 src=fd00::1 dst=fd00::2 type=128 code=0 id=7 src=fd00::2 dst=fd00::1 type=129 code=0 id=7 mark=0 use=1',
      'ipv4     2 gre      47 17 timeout=30, stream_timeout=180 src=10.0.0.1 dst=10.0.0.2 srckey=0x0 dstkey=0x1f0a src=10.0.0.2 dst=10.0.0.1 srckey=0x1f0a dstkey=0x0 mark=0 zone=0 use=2',
      'sctp     132 3 COOKIE_WAIT src=10.0.0.1 dst=10.0.0.2 sport=36412 dport=36412 src=10.0.0.2 dst=10.0.0.1 sport=36412 dport=36412 mark=0 use=1',
      'dccp     33 240 REQUEST src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1',
      'udplite  136 30 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1',
      'ipv4     2 unknown  50 598 src=169.254.194.252 dst=10.0.0.18 src=10.0.0.18 dst=169.254.194.252 mark=0 use=1',
    ].join('\n'),
  );
  expect(read.map((entry) => entry.proto)).toEqual(['icmp', 'icmpv6', 'gre', 'sctp', 'dccp', 'udplite', '50']);
  expect(read[0]?.original).toMatchObject({ icmpType: 8, icmpCode: 0, icmpId: 1204, sport: undefined });
  expect(read[0]?.reply).toMatchObject({ icmpType: 0, icmpId: 1204 });
  expect(read[1]).toMatchObject({ family: 6, original: { src: 'fd00::1', icmpType: 128 } });
  expect(read[2]?.original).toMatchObject({ srcKey: 0, dstKey: 0x1f0a, sport: undefined });
  expect(read[3]?.state).toBe('COOKIE_WAIT');
  expect(read[6]?.original).toMatchObject({ src: '169.254.194.252', sport: undefined, icmpType: undefined });
});

test('events, with and without a time', () => {
  const read = entries(
    [
      '[1553864392.321235 ]\t    [NEW] tcp      6 120 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1',
      ' [UPDATE] tcp      6 60 SYN_RECV src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 helper=ftp',
      '[DESTROY] tcp      6 TIME_WAIT src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [ASSURED] [start=Thu Jan  1 00:00:00 1970] portID=7',
    ].join('\n'),
  );
  expect(read.map((entry) => [entry.event, entry.time, entry.timeout, entry.state])).toEqual([
    ['NEW', 1553864392.321235, 120, 'SYN_SENT'],
    ['UPDATE', undefined, 60, 'SYN_RECV'],
    ['DESTROY', undefined, undefined, 'TIME_WAIT'],
  ]);
  expect(read[1]?.helper).toBe('ftp');
  expect(read[2]?.extra).toBe('[start=Thu Jan  1 00:00:00 1970] portID=7');
});

test("IPv6 of /proc is written out in full; the family argument tells plain -L's", () => {
  const full = only(
    'ipv6     10 udp      17 3 src=fd00:0010:0096:0000:0000:0000:0000:000a dst=fd00:0000:0000:0000:0000:0000:0000:0001 sport=5 dport=53 src=fd00:0000:0000:0000:0000:0000:0000:0001 dst=fd00:0010:0096:0000:0000:0000:0000:000a sport=53 dport=5 mark=0 zone=0 use=2',
  );
  expect(full.original).toMatchObject({ src: 'fd00:10:96::a', dst: 'fd00::1' });
  expect(only('udp 17 3 src=fd00::1 dst=fd00::2 sport=1 dport=2 src=fd00::2 dst=fd00::1 sport=2 dport=1').family).toBe(
    6,
  );
});

test('zones of one direction, fields in an order of their own', () => {
  expect(
    only(
      'tcp 6 10 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 zone-orig=3 packets=1 bytes=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 zone-reply=4 packets=0 bytes=0 use=1 zone=9 mark=5 Service=slb.test',
    ),
  ).toMatchObject({
    zoneOriginal: 3,
    zoneReply: 4,
    unreplied: true,
    use: 1,
    zone: 9,
    mark: 5,
    extra: 'Service=slb.test',
  });
});

test('questions to the table', () => {
  const line = (src: string, dst: string, state: string, flag: string) =>
    `tcp      6 9 ${state} src=${src} dst=${dst} sport=1 dport=2 ${flag}src=${dst} dst=${src} sport=2 dport=1 mark=0 use=1`;
  const table = read(
    'conntrack',
    [
      line('10.0.0.1', '10.0.0.2', 'SYN_SENT', '[UNREPLIED] '),
      line('10.0.0.3', '10.0.0.1', 'ESTABLISHED', ''),
      line('fd00::1', 'fd00::2', 'SYN_SENT', '[UNREPLIED] '),
      line('10.0.0.2', '10.0.0.4', 'TIME_WAIT', ''),
    ].join('\n'),
  ).data.conntrack;
  expect(table?.rowsWithAddress('10.0.0.1')).toEqual([0, 1]);
  expect(table?.rowsWithAddress('10.0.0.2')).toEqual([0, 3]);
  expect(table?.rowsWithAddress('fd00:0::2')).toEqual([2]);
  expect(table?.rowsWithAddress('10.0.0.99')).toEqual([]);
  expect(table?.rowsWithAddress('nonsense')).toEqual([]);
  expect(table?.rowsInState('SYN_SENT')).toEqual([0, 2]);
  expect(table?.rowsInState('NO_SUCH')).toEqual([]);
  expect(table?.unrepliedRows()).toEqual([0, 2]);
});

test('the count line, expectations and messages of the tool are read; a broken entry is not', () => {
  const capture = read(
    'conntrack',
    [
      'conntrack v1.4.6 (conntrack-tools): 12 flow entries have been shown.',
      '300 proto=6 src=10.0.0.1 dst=10.0.0.2 sport=0 dport=21000 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 master-src=10.0.0.1 master-dst=10.0.0.2 sport=1 dport=21 class=0 helper=ftp',
      'conntrack v1.4.5 (conntrack-tools): Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this',
      'tcp      6 9 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=70000 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1',
      'tcp      6 9 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=7 mark=1',
      'tcp      6 9 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=7 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=7 use=1',
    ].join('\n'),
  );
  expect(capture).toMatchObject({ records: 1, ignored: 3, unread: 2 });
  expect(capture.toolMessages).toHaveLength(1);
  expect(capture.unreadLines[1]?.expected).toContain('dport');
  // A field of the broken line does not stick to the next.
  expect(capture.data.conntrack?.entry(0).mark).toBeUndefined();
});

test('fields that differ on every line are forgotten before they fill the memory', () => {
  const lines = Array.from(
    { length: 66_000 },
    (_, i) =>
      `udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 Uptime=${i}`,
  );
  const table = read('conntrack', lines.join('\n')).data.conntrack;
  expect(table?.count).toBe(66_000);
  expect(table?.entry(65_535).extra).toBe('Uptime=65535');
  expect(table?.entry(65_536).extra).toBeUndefined();
});

test('entries survive being cut into slices', () => {
  const lines = Array.from(
    { length: 5000 },
    (_, i) =>
      `ipv4     2 udp      17 9 src=10.1.${i >> 8}.${i & 255} dst=10.96.0.10 sport=${1024 + i} dport=53 src=10.244.0.3 dst=10.1.${i >> 8}.${i & 255} sport=53 dport=${1024 + i} mark=0 use=1`,
  );
  const table = read('conntrack', `${lines.join('\n')}\n`).data.conntrack;
  expect(table?.count).toBe(5000);
  expect(table?.entry(4321)).toMatchObject({ source: { line: 4322 }, original: { sport: 5345, src: '10.1.16.225' } });
  expect(table?.rowsWithAddress('10.1.16.225')).toEqual([4321]);
  expect(table?.rowsWithAddress('10.96.0.10')).toHaveLength(5000);
});

test('an address is found in the same rows by every way of looking for it', () => {
  // More rows than a block has; a seldom address, one in most rows, and one that many looks are for.
  const rows = 80_000;
  const source = (i: number): string => (i % 1000 === 7 ? '10.9.9.9' : `10.1.${(i >> 8) & 255}.${i & 255}`);
  const text = Array.from(
    { length: rows },
    (_, i) => `udp 17 9 src=${source(i)} dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=${source(i)} sport=2 dport=1`,
  ).join('\n');
  const table = read('conntrack', text).data.conntrack;
  const of = (address: string): number[] =>
    Array.from({ length: rows }, (_, i) => i).filter((i) => source(i) === address);
  const asked = ['10.9.9.9', ...Array.from({ length: 150 }, (_, i) => `10.1.${i}.${(7 * i) & 255}`)];
  for (const address of asked) expect(table?.rowsWithAddress(address)).toEqual(of(address));
  expect(table?.rowsWithAddress('10.0.0.2')).toHaveLength(rows);
});
