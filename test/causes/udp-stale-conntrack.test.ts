import { describe, expect, test } from 'vitest';
import type { FlowQuestion } from '../../src/path/walk-result.ts';
import { failing } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster, unreplied } from './services.ts';

const ID = 'udp-stale-conntrack';
const DNS: FlowQuestion = {
  proto: 'udp',
  src: '10.160.0.9',
  sport: 45000,
  dst: '10.161.0.10',
  dport: 53,
  start: 'fn-1/ui',
};
const entry = (server: string) => quietCluster().appended('fn-1/conntrack_-L.txt', unreplied(DNS, server, 53, DNS.src));

describe(ID, () => {
  test('holds for an entry to a server that the service no longer has', () => {
    const judged = failing(entry('10.160.2.77'), DNS);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-1',
      values: { server: '10.160.2.77', untranslated: false },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([
      { commands: [{ node: 'fn-1', command: 'conntrack -D -p udp --orig-dst 10.161.0.10 --dport 53' }] },
    ]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for an entry from before the service had rules', () => {
    const judged = failing(entry('10.161.0.10'), DNS);
    expect(findingOf(judged, ID)).toMatchObject({ values: { untranslated: true } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an entry to a server of today is no case of it', () => {
    expect(findingOf(failing(entry('10.160.2.2'), DNS), ID)).toBeUndefined();
  });

  test('TCP asks anew with every connection', () => {
    expect(findingOf(failing(quietCluster()), ID)).toBeUndefined();
  });

  test('without the connection table nothing is said of it', () => {
    expect(findingOf(failing(quietCluster(), DNS), ID)).toBeUndefined();
  });

  test('a client that waits, while the rules of today would deliver, asks for the connection table', () => {
    const asking = entry('10.160.2.77').without('conntrack', 'fn-1/conntrack');
    const judged = failing(asking, DNS);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['conntrack fn-1']);
    expect(neededFor(asking.judge(DNS), ID)).toBeUndefined();
    expect(neededFor(failing(quietCluster()), ID)).toBeUndefined();
  });
});
