import { expect, test } from 'vitest';
import { read } from './fixture.ts';

const stats = (text: string) => {
  const capture = read('conntrack-stats', text);
  expect(capture.unreadLines).toEqual([]);
  return capture.data.conntrackStats?.map((row) => [row.source.line, row.cpu, Object.fromEntries(row.counters)]);
};

test('conntrack -S: a line per CPU', () => {
  expect(
    stats(
      'cpu=0   \tfound=7 invalid=10 insert=0 insert_failed=3 drop=3 early_drop=0 error=0 search_restart=1 \ncpu=1\tentries=12 searched=5\n',
    ),
  ).toEqual([
    [1, 0, { found: 7, invalid: 10, insert: 0, insert_failed: 3, drop: 3, early_drop: 0, error: 0, search_restart: 1 }],
    [2, 1, { entries: 12, searched: 5 }],
  ]);
});

test('/proc/net/stat/nf_conntrack: hexadecimal, a row per CPU', () => {
  expect(
    stats(
      'entries  clashres found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n' +
        '0000002a  00000000 00000001 00000000 0000000f 00000000 00000000 00000000 00000000 00000000 00000010 00000000 00000000  00000000 00000000 00000000 00000000\n' +
        '0000002a  00000000 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000  00000000 00000000 00000000 0000ffff\n',
    ),
  ).toMatchObject([
    [2, 0, { entries: 42, found: 1, invalid: 15, drop: 16, search_restart: 0 }],
    [3, 1, { entries: 42, drop: 0, search_restart: 65535 }],
  ]);
});

test('before conntrack 1.0: a counter per line, summed by the tool', () => {
  expect(stats('entries                 \t12\nsearched                \t4\ninsert_failed           \t2\n')).toEqual([
    [1, undefined, { entries: 12, searched: 4, insert_failed: 2 }],
  ]);
});

test('-S appended to -L without a mark between them', () => {
  const capture = read(
    'conntrack',
    'udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 use=1\ncpu=0   \tfound=7 drop=3 \n',
  );
  expect(capture.data.conntrack?.count).toBe(1);
  expect(capture.data.conntrackStats?.[0]?.counters.get('drop')).toBe(3);
  expect(capture.data.conntrackStats?.[0]?.source.line).toBe(2);
});

test('conntrack -C prints the number of entries alone', () => {
  const capture = read('conntrack', '42\n', { command: 'conntrack -C' });
  expect(capture).toMatchObject({ records: 1, unread: 0 });
  expect(capture.data.conntrackStats?.[0]?.counters).toEqual(new Map([['entries', 42]]));
  expect(read('conntrack', '42\n', { command: 'conntrack -L' })).toMatchObject({ records: 0, unread: 1 });
});
