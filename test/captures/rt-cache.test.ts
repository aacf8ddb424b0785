import { expect, test } from 'vitest';
import { read } from './fixture.ts';

const HEAD = 'entries  in_hit   in_slow_tot in_slow_mc in_no_route in_martian_src\n';

test('hexadecimal columns are summed over the CPUs; the number of entries is one for all', () => {
  const capture = read(
    'rt-cache',
    `${HEAD}0000000f 00000000 0000000a    00000000   00000001    00000000 \n0000000f 00000000 000000ff    00000000   00000002    00000010 \n`,
  );
  expect(capture.unread).toBe(0);
  const source = { file: 'node/capture.txt', line: 2 };
  expect(capture.data.counters).toEqual([
    { source, name: 'entries', value: 15 },
    { source, name: 'in_hit', value: 0 },
    { source, name: 'in_slow_tot', value: 265 },
    { source, name: 'in_slow_mc', value: 0 },
    { source, name: 'in_no_route', value: 3 },
    { source, name: 'in_martian_src', value: 16 },
  ]);
});

test('rows without a head, and a head without rows, say nothing', () => {
  expect(read('rt-cache', '0000000f 00000000 0000000a\n')).toMatchObject({ unread: 1, data: { counters: [] } });
  expect(read('rt-cache', HEAD)).toMatchObject({ unread: 0, data: { counters: [] } });
});
