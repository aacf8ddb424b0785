import { describe, expect, test } from 'vitest';
import { failing, PODS, packet, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'syn-dropped-paws-tw-recycle';
const counted = (n: number) => `#kernel\nTcpExtPAWSPassive               ${n}                  0.0\n`;
const recycling = (n: number) =>
  quietCluster()
    .withFile('fn-2/netns/api-a/nstat_-az.txt', counted(n))
    .withFile('fn-2/netns/api-a/sysctl_-a.txt', 'net.ipv4.tcp_tw_recycle = 1\n');

describe(ID, () => {
  test('holds where the setting is on and SYNs were rejected for their timestamps', () => {
    const judged = failing(recycling(12));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      namespace: 'api-a',
      values: { counted: 12, on: true },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the setting off is no case of it', () => {
    const judged = failing(recycling(12).edited('api-a/sysctl_-a.txt', '= 1', '= 0'));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('nothing counted and no SYN seen is no case of it', () => {
    expect(findingOf(failing(recycling(0)), ID)).toBeUndefined();
  });

  test('without the sysctls the counter is possible at most', () => {
    const judged = failing(recycling(12).without('sysctl'));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'possible' });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an old kernel, SYNs without an answer, and neither setting nor counter: both would tell', () => {
    const asked = packet(1, syn(PODS.src, 40002, PODS.dst, 8080));
    const dark = (release: string) =>
      quietCluster()
        .without('sysctl', 'fn-2')
        .without('counters', 'fn-2')
        .edited('fn-2/uname', /6\.1\.0-\S+/, release)
        .withFile('fn-2/netns/api-a/tcpdump/eth0.txt', asked);
    const judged = failing(dark('3.10.0-1160.el7.x86_64'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['sysctl fn-2/api-a', 'counters fn-2/api-a']);
    expect(neededFor(failing(dark('4.12.0')), ID)).toBeUndefined();
    expect(neededFor(failing(dark('3.10.0').without('tcpdump')), ID)).toBeUndefined();
  });
});
