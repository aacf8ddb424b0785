import { describe, expect, it } from 'vitest';
import { addressOfRange } from '../../src/path/nat-range.ts';

/** What a kernel chose (udp out of a namespace with these rules, read with `conntrack -L`): source, destination, zone, the address that it was given. */
const CHOSEN: readonly (readonly [rule: string, manip: 'src' | 'dst', rows: readonly string[]])[] = [
  [
    '242.0.0.1-242.0.0.8',
    'src',
    [
      '10.1.0.1 8.8.8.8 0 242.0.0.7',
      '10.1.0.1 8.9.0.1 7 242.0.0.7',
      '10.1.0.2 8.8.8.8 0 242.0.0.6',
      '10.1.0.2 8.9.0.1 7 242.0.0.1',
      '10.1.0.20 8.8.8.8 0 242.0.0.1',
      '10.1.0.20 8.9.0.1 7 242.0.0.4',
      '10.1.0.7 8.8.8.8 0 242.0.0.8',
      '10.1.0.7 8.9.0.1 7 242.0.0.1',
    ],
  ],
  [
    '242.0.0.1-242.0.255.8 --persistent',
    'src',
    [
      '10.1.0.1 9.1.2.3 0 242.0.49.156',
      '10.1.0.1 9.9.9.9 0 242.0.49.156',
      '10.1.0.2 9.1.2.3 0 242.0.33.92',
      '10.1.0.2 9.9.9.9 0 242.0.33.92',
      '10.1.0.20 9.1.2.3 0 242.0.169.247',
      '10.1.0.20 9.9.9.9 0 242.0.169.247',
      '10.1.0.7 9.1.2.3 0 242.0.109.162',
      '10.1.0.7 9.9.9.9 0 242.0.109.162',
    ],
  ],
  [
    '10.1.0.3-10.1.0.9',
    'src',
    ['10.1.0.1 7.7.7.7 0 10.1.0.8', '10.1.0.2 7.7.7.7 0 10.1.0.4', '10.1.0.20 7.7.7.7 0 10.1.0.9'],
  ],
  [
    '192.0.2.10-192.0.2.200',
    'dst',
    [
      '10.1.0.1 172.16.3.4 0 192.0.2.175',
      '10.1.0.2 172.16.3.4 0 192.0.2.114',
      '10.1.0.20 172.16.3.4 0 192.0.2.153',
      '10.1.0.7 172.16.3.4 0 192.0.2.82',
    ],
  ],
  [
    '192.0.2.10-192.0.2.200 --persistent',
    'dst',
    [
      '10.1.0.1 172.17.5.6 0 192.0.2.47',
      '10.1.0.2 172.17.5.6 0 192.0.2.34',
      '10.1.0.20 172.17.5.6 0 192.0.2.137',
      '10.1.0.7 172.17.5.6 0 192.0.2.92',
    ],
  ],
  ['fd42::1-fd42::2:9', 'src', ['fd01::1 fd08::8 0 fd42::76c0', 'fd01::5 fd08::8 0 fd42::1:7fb7']],
  [
    'fd42::1-fd43::9 --persistent',
    'src',
    [
      'fd01::1 fd09::10 0 fd42:b26e:b26d:fdf4:b26d:fdf4:b26d:fdf4',
      'fd01::1 fd09::9 0 fd42:b26e:b26d:fdf4:b26d:fdf4:b26d:fdf4',
      'fd01::5 fd09::10 0 fd42:1c2e:1c2e:7fa3:1c2e:7fa3:1c2e:7fa3',
      'fd01::5 fd09::9 0 fd42:1c2e:1c2e:7fa3:1c2e:7fa3:1c2e:7fa3',
    ],
  ],
  [
    'fd42::1-fd43::9',
    'src',
    [
      'fd01::1 fd0a::1 0 fd42:60c6:60c5:fc15:60c5:fc15:60c5:fc15',
      'fd01::5 fd0a::1 0 fd42:7a7e:7a7d:cdaa:7a7d:cdaa:7a7d:cdaa',
    ],
  ],
];

describe('the address of a range', () => {
  for (const [rule, manip, rows] of CHOSEN)
    it.each(rows)(`${manip} ${rule}: %s`, (row) => {
      const [range = '', persistent] = rule.split(' ');
      const [from = '', to = ''] = range.split('-');
      const [src = '', dst = '', zone, chosen] = row.split(' ');
      expect(addressOfRange({ from, to }, { src, dst, zone: Number(zone) }, manip, persistent !== undefined)).toBe(
        chosen,
      );
    });

  it('is not told of what is no address, or of another family', () => {
    const range = { from: '10.0.0.1', to: '10.0.0.9' };
    expect(addressOfRange(range, { src: '', dst: '10.0.0.1', zone: 0 }, 'src', false)).toBeUndefined();
    expect(addressOfRange(range, { src: 'fd00::1', dst: 'fd00::2', zone: 0 }, 'src', false)).toBeUndefined();
  });
});
