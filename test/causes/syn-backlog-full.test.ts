import { describe, expect, test } from 'vitest';
import { failing, PODS, packet, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'syn-backlog-full';
const COUNTERS =
  '#kernel\nTcpExtTCPReqQFullDrop           40                 0.0\nTcpExtTCPReqQFullDoCookies      2                  0.0\n';
const halfOpen = Array.from(
  { length: 6 },
  (_, i) => `SYN-RECV  0      0         10.160.1.9:8080  192.0.2.${i + 1}:4000${i}\n`,
).join('');
const syns = [1, 2, 4].map((s) => packet(s, syn(PODS.src, 40002, PODS.dst, 8080))).join('');
const flooded = () => quietCluster().appended('fn-2/netns/api-a/ss_-antp.txt', halfOpen);

describe(ID, () => {
  test('holds where half-open connections fill the queue and SYNs were dropped for it', () => {
    const judged = failing(flooded().withFile('fn-2/netns/api-a/nstat_-az.txt', COUNTERS));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      namespace: 'api-a',
      values: { halfOpen: 6, limit: 5, dropped: 40, cookies: true },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a few half-open connections and an old counter accuse nobody', () => {
    const judged = failing(quietCluster().withFile('fn-2/netns/api-a/nstat_-az.txt', COUNTERS));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('the counter with unanswered SYNs makes it likely', () => {
    const judged = failing(
      quietCluster()
        .withFile('fn-2/netns/api-a/nstat_-az.txt', COUNTERS)
        .withFile('fn-2/netns/api-a/tcpdump/eth0.txt', syns),
    );
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely' });
  });

  test('without the counters the full queue is likely', () => {
    expect(findingOf(failing(flooded().without('counters', 'fn-2/netns/api-a')), ID)).toMatchObject({
      confidence: 'likely',
    });
  });

  test('SYNs without an answer ask for the counters where these are missing', () => {
    const dark = quietCluster().without('counters', 'fn-2/netns/api-a');
    const judged = failing(dark.withFile('fn-2/netns/api-a/tcpdump/eth0.txt', syns));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['counters fn-2/api-a']);
    expect(neededFor(failing(dark), ID)).toBeUndefined();
  });
});
