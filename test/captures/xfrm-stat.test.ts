import { expect, test } from 'vitest';
import { read } from './fixture.ts';

test('counters keep their name, value and line', () => {
  const capture = read('xfrm-stat', 'XfrmInError             \t0\r\nXfrmInNoPols            \t6\n');
  expect(capture.data.counters).toEqual([
    { source: { file: 'node/capture.txt', line: 1 }, name: 'XfrmInError', value: 0 },
    { source: { file: 'node/capture.txt', line: 2 }, name: 'XfrmInNoPols', value: 6 },
  ]);
  expect(capture).toMatchObject({ lines: 2, records: 2, unread: 0 });
});

test('a line that is no counter is quoted with what was expected; a tool message says why', () => {
  const capture = read('xfrm-stat', 'XfrmInError six\ncat: /proc/net/xfrm_stat: No such file or directory\n');
  expect(capture.unread).toBe(1);
  expect(capture.unreadLines[0]).toMatchObject({ source: { line: 1 }, text: 'XfrmInError six', column: 13 });
  expect(capture.toolMessages).toHaveLength(1);
});

test('counters of other kernels are read by whatever name they have', () => {
  const capture = read(
    'xfrm-stat',
    'XfrmInIptfsError        \t2\nXfrmOutStateDirError    \t18446744073709551615\nIpsecNewThing_2\t7\n',
  );
  expect(capture.unread).toBe(0);
  expect(capture.data.counters?.map((counter) => counter.name)).toEqual([
    'XfrmInIptfsError',
    'XfrmOutStateDirError',
    'IpsecNewThing_2',
  ]);
});
