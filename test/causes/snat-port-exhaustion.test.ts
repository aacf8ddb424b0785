import { describe, expect, test } from 'vitest';
import { failing, PODS, rulesFirst } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'snat-port-exhaustion';
const SOURCE = '10.160.0.0';
/** Pods of fn-1 are masqueraded towards the others, and one server's port has many connections. */
const crowded = (count: number) =>
  rulesFirst(
    quietCluster(),
    'fn-1',
    'nat',
    [],
    ['-A POSTROUTING -s 10.160.0.0/24 -o flannel.1 -j MASQUERADE'],
  ).appended(
    'fn-1/conntrack_-L.txt',
    Array.from(
      { length: count },
      (_, i) =>
        `tcp      6 86390 ESTABLISHED src=10.160.0.77 dst=${PODS.dst} sport=${2000 + i} dport=8080 src=${PODS.dst} dst=${SOURCE} sport=8080 dport=${2000 + i} [ASSURED] mark=0 use=1\n`,
    ).join(''),
  );
const failed = (count: number) => crowded(count).edited('fn-1/conntrack_-S.txt', 'insert_failed=0', 'insert_failed=9');

describe(ID, () => {
  test('holds where the ports to one server are nearly all taken and entries fail', () => {
    const judged = failing(failed(28_500));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      node: 'fn-1',
      values: { source: SOURCE, server: PODS.dst, failed: 9 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without failures it is possible at most', () => {
    expect(findingOf(failing(crowded(28_500)), ID)).toMatchObject({ confidence: 'possible' });
  });

  test('a few thousand connections are no case of it', () => {
    expect(findingOf(failing(failed(3000)), ID)).toBeUndefined();
  });

  test('without the connection table nothing is said of it', () => {
    expect(findingOf(failing(failed(28_500).without('conntrack', 'fn-1/conntrack')), ID)).toBeUndefined();
  });

  test('entries failed at the node that masquerades, and its table is missing: it would tell', () => {
    const dark = failed(28_500).without('conntrack', 'fn-1/conntrack');
    expect(neededFor(failing(dark), ID)).toEqual(['conntrack fn-1']);
    expect(neededFor(failing(crowded(28_500).without('conntrack', 'fn-1/conntrack')), ID)).toBeUndefined();
    expect(neededFor(dark.judge(PODS), ID)).toBeUndefined();
  });
});
