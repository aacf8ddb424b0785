import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { ASKED, established, quietCluster, unreplied, waiting } from './services.ts';

const ID = 'ipvs-vip-and-direct-same-5tuple';
const DIRECT = { ...ASKED, dst: '10.160.1.9', dport: 8080 };
const both = () =>
  waiting(quietCluster())
    .appended('fn-1/conntrack_-L.txt', established(DIRECT, '10.160.1.9', 8080, '10.160.0.9'))
    .appended('fn-1/conntrack_-L.txt', unreplied(ASKED, '10.160.1.9', 8080, '10.160.0.9'))
    .edited('fn-1/conntrack_-S.txt', /insert_failed=0/, 'insert_failed=4');

describe(ID, () => {
  test('holds where both connections want one answer', () => {
    const judged = both().judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      values: { server: '10.160.1.9', sport: 40001, insertFailed: 4 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('another source port is no case of it', () => {
    const judged = waiting(quietCluster())
      .appended('fn-1/conntrack_-L.txt', established({ ...DIRECT, sport: 40002 }, '10.160.1.9', 8080, '10.160.0.9'))
      .judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the connection table it is undecided', () => {
    const judged = both().withoutFile('fn-1/conntrack_-L.txt').judge(ASKED);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'conntrack', namespace: 'fn-1' }]);
  });
});
