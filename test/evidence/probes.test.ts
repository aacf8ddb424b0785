import { describe, expect, test } from 'vitest';
import { brokenFlows } from '../../src/judging/broken-flows.ts';
import { quietCluster } from '../causes/services.ts';

const NOBODY = '10.160.7.7';
const lost = `PING ${NOBODY} (${NOBODY}) 56(84) bytes of data.\n\n--- ${NOBODY} ping statistics ---\n4 packets transmitted, 0 received, 100% packet loss, time 3060ms\n`;
const asked = {
  proto: 'icmp',
  src: '10.160.0.9',
  sport: undefined,
  dst: NOBODY,
  dport: undefined,
  start: 'fn-1/ui',
} as const;

describe("what a client's tool printed", () => {
  test('finds the flow by itself, and says what the client saw', () => {
    const [judged] = brokenFlows(quietCluster().withFile('fn-1/netns/ui/ping.txt', lost).network());
    expect(judged?.flow.question).toMatchObject({ proto: 'icmp', dst: NOBODY, start: 'fn-1/ui' });
    expect(judged?.flow.evidence).toMatchObject({ seen: 'timeout', seenBy: 'probe' });
  });

  test('is of the namespace that printed it', () => {
    const bundle = quietCluster().withFile('fn-2/ping.txt', lost);
    expect(bundle.judge(asked).flow.evidence).toMatchObject({ probes: [], seen: 'unknown' });
    expect(bundle.judge({ ...asked, start: 'fn-2', src: '' }).flow.evidence.probes).toHaveLength(1);
  });

  test('of several attempts the last one counts; an answered one finds no broken flow', () => {
    const answered = lost.replace('4 packets transmitted, 0 received, 100%', '4 packets transmitted, 4 received, 0%');
    const bundle = quietCluster().withFile('fn-1/netns/ui/ping.txt', `${lost}${answered}`);
    expect(bundle.judge(asked).flow.evidence).toMatchObject({ seen: 'ok', seenBy: 'probe' });
    const quiet = quietCluster().withFile('fn-1/netns/ui/ping.txt', answered);
    expect(brokenFlows(quiet.network()).filter((j) => j.flow.question.dst === NOBODY)).toEqual([]);
  });

  test('what the user says he saw counts for more', () => {
    const bundle = quietCluster().withFile('fn-1/netns/ui/ping.txt', lost);
    expect(bundle.judge({ ...asked, saw: 'unreachable' }).flow.evidence).toMatchObject({
      seen: 'unreachable',
      seenBy: 'user',
    });
  });
});
