import { describe, expect, test } from 'vitest';
import type { FlowQuestion } from '../../src/path/walk-result.ts';
import { packet } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'conntrack-insert-race-dns';
const DNS: FlowQuestion = {
  proto: 'udp',
  src: '10.160.0.9',
  sport: 45000,
  dst: '10.161.0.10',
  dport: 53,
  start: 'fn-1/ui',
};
const question = (second: number, id: number, type: string) =>
  packet(second, `10.160.0.9.45000 > 10.161.0.10.53: ${id}+ ${type}? example.com. (29)`);
const answer = (second: number, id: number) =>
  packet(second, `10.161.0.10.53 > 10.160.0.9.45000: ${id} 1/0/0 A 192.0.2.1 (45)`);
const asking = (again: string) =>
  quietCluster().withFile(
    'fn-1/netns/ui/tcpdump/eth0.txt',
    question(1, 4001, 'A') + question(1.0002, 4002, 'AAAA') + answer(1.003, 4001) + again,
  );
const lost = () => asking(question(6.0003, 4001, 'A') + answer(6.002, 4001));
const failed = (bundle = lost()) => bundle.edited('fn-1/conntrack_-S.txt', 'insert_failed=0', 'insert_failed=3');

describe(ID, () => {
  test('holds where one of two questions at once stays without an answer, and an entry lost its race', () => {
    const judged = failed().judge(DNS);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-1',
      values: { failed: 3, wait: 5, answered: 1 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a flat counter refutes it', () => {
    const judged = lost().judge(DNS);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'counter-flat' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('two answers are no case of it, whatever the counter says', () => {
    expect(findingOf(failed(asking(answer(1.004, 4002))).judge(DNS), ID)).toBeUndefined();
  });

  test('without the counters it is open', () => {
    const judged = failed().without('conntrack-stats', 'fn-1').judge(DNS);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'conntrack-stats', namespace: 'fn-1' }] }),
    );
  });
});
