import { describe, expect, test } from 'vitest';
import { failing } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'neigh-table-overflow';
const MESSAGE = '[ 4711.100000] neighbour: arp_cache: neighbor table overflow!\n';
const full = () =>
  quietCluster()
    .edited('fn-2/ip_neigh.txt', /^10\.160\.1\.9 .*\n/m, '')
    .appended('fn-2/sysctl_-a.txt', 'net.ipv4.neigh.default.gc_thresh3 = 8\n')
    .appended(
      'fn-2/ip_neigh.txt',
      Array.from(
        { length: 20 },
        (_, i) => `10.6.6.${100 + i} dev eth0 lladdr 02:00:00:00:01:${(16 + i).toString(16)} STALE \n`,
      ).join(''),
    );

describe(ID, () => {
  test('holds where the table is full and the kernel says so', () => {
    const judged = failing(full().withFile('fn-2/dmesg.txt', MESSAGE));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      values: { limit: 8, message: true, hop: '10.160.1.9' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a next hop that has its entry is no case of it', () => {
    expect(
      findingOf(
        failing(
          full()
            .withFile('fn-2/dmesg.txt', MESSAGE)
            .appended('fn-2/ip_neigh.txt', '10.160.1.9 dev cni0 lladdr e2:a0:eb:25:b8:92 REACHABLE \n'),
        ),
        ID,
      ),
    ).toBeUndefined();
  });

  test("without the kernel's messages it is likely at most", () => {
    expect(findingOf(failing(full()), ID)).toMatchObject({ confidence: 'likely' });
  });

  test("as many neighbours as the kernel's own limit ask for the limit", () => {
    const many = Array.from(
      { length: 1024 },
      (_, i) => `10.${7 + (i >> 8)}.6.${i & 255} dev eth0 lladdr 02:00:00:00:01:01 STALE \n`,
    );
    const crowd = quietCluster()
      .edited('fn-2/ip_neigh.txt', /^10\.160\.1\.9 .*\n/m, '')
      .appended('fn-2/ip_neigh.txt', many.join(''));
    const judged = failing(crowd.without('sysctl', 'fn-2'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['sysctl fn-2']);
    expect(neededFor(failing(full().without('sysctl', 'fn-2')), ID)).toBeUndefined();
  });
});
