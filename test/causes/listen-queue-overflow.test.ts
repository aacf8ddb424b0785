import { describe, expect, test } from 'vitest';
import { failing, PODS, packet, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'listen-queue-overflow';
const COUNTERS =
  '#kernel\nTcpExtListenOverflows           17                 0.0\nTcpExtListenDrops               17                 0.0\n';
const queue = (waiting: number) =>
  quietCluster().edited('fn-2/netns/api-a/ss_-antp.txt', /LISTEN +0 +5 /, `LISTEN    ${waiting}      5   `);
const syns = [1, 2, 4].map((s) => packet(s, syn(PODS.src, 40002, PODS.dst, 8080))).join('');

describe(ID, () => {
  test('holds where the queue is full and overflows were counted', () => {
    const judged = failing(queue(6).withFile('fn-2/netns/api-a/nstat_-az.txt', COUNTERS));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      namespace: 'api-a',
      values: { waiting: 6, backlog: 5, counted: 17 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a counter with SYNs that stay unanswered makes it likely', () => {
    const judged = failing(
      quietCluster()
        .withFile('fn-2/netns/api-a/nstat_-az.txt', COUNTERS)
        .withFile('fn-2/netns/api-a/tcpdump/eth0.txt', syns),
    );
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', values: { full: false } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an old counter alone accuses nobody', () => {
    expect(findingOf(failing(quietCluster().withFile('fn-2/netns/api-a/nstat_-az.txt', COUNTERS)), ID)).toBeUndefined();
  });

  test('without the counters a full queue is likely', () => {
    const judged = failing(queue(6).without('counters', 'fn-2/netns/api-a'));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely' });
  });

  test('SYNs without an answer ask for the counters, and for the sockets, where these are missing', () => {
    const asked = quietCluster().withFile('fn-2/netns/api-a/tcpdump/eth0.txt', syns);
    const noCounters = asked.without('counters', 'fn-2/netns/api-a');
    expect(neededFor(failing(noCounters), ID)).toEqual(['counters fn-2/api-a']);
    const noSockets = asked.without('sockets', 'fn-2/netns/api-a').withFile('fn-2/netns/api-a/nstat_-az.txt', COUNTERS);
    const judged = failing(noSockets);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['sockets fn-2/api-a']);
    expect(neededFor(failing(noCounters.without('sockets', 'fn-2/netns/api-a')), ID)).toEqual([
      'sockets fn-2/api-a',
      'counters fn-2/api-a',
    ]);
  });

  test('where no SYN was seen at the server nothing is asked for', () => {
    const dark = quietCluster().without('counters', 'fn-2/netns/api-a').without('sockets', 'fn-2/netns/api-a');
    expect(neededFor(failing(dark), ID)).toBeUndefined();
  });
});
