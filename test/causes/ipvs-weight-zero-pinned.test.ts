import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { ASKED, connection, quietCluster, waiting } from './services.ts';

const ID = 'ipvs-weight-zero-pinned';
const ROW = (server: string) =>
  new RegExp(
    `(TCP {2}10\\.161\\.5\\.1:80 rr\\n(?: {2}->.*\\n)*? {2}-> ${server.replaceAll('.', '\\.')}:8080 +Masq +)1`,
  );
const atZero = () =>
  quietCluster()
    .edited('fn-1/ipvsadm_-Ln.txt', ROW('10.160.1.9'), '$10')
    .edited('fn-1/ipvsadm_-Ln.txt', ROW('10.160.2.9'), '$10');
const oneAtZero = () => quietCluster().edited('fn-1/ipvsadm_-Ln.txt', ROW('10.160.1.9'), '$10');

describe(ID, () => {
  test('holds where every server is at weight 0, and a weight mends it', () => {
    const judged = waiting(atZero()).judge(ASKED);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { form: 'all', servers: 2 },
      fixes: [{ id: 'raise-weight', provenByWalk: true }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("holds where the client's connection belongs to a server at weight 0", () => {
    const judged = waiting(oneAtZero())
      .appended(
        'fn-1/ipvsadm_-Lnc.txt',
        connection('ESTABLISHED', '10.160.0.9:40001', '10.161.5.1:80', '10.160.1.9:8080'),
      )
      .judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      values: { form: 'pinned', server: '10.160.1.9' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a connection with the other server, and a draining server that nobody asks, are no cases of it', () => {
    const judged = waiting(oneAtZero())
      .appended(
        'fn-1/ipvsadm_-Lnc.txt',
        connection('ESTABLISHED', '10.160.0.9:40001', '10.161.5.1:80', '10.160.2.9:8080'),
      )
      .judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(oneAtZero().judge(ASKED).found).toEqual([]);
  });

  test('without the connections it is undecided', () => {
    const judged = waiting(oneAtZero()).without('ipvsadm-connections').judge(ASKED);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([
      { kind: 'ipvsadm-connections', namespace: 'fn-1' },
    ]);
  });
});
