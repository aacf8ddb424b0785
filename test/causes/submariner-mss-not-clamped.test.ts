import { describe, expect, test } from 'vitest';
import { bundleOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'submariner-mss-not-clamped';
const NAME = 'submariner-healthy';
const BIG = (seconds: string) =>
  `2026-11-20 16:40:${seconds} eth0  Out IP 10.8.0.7.80 > 10.9.0.9.41999: Flags [.], seq 1:1449, ack 80, win 501, length 1448`;
/** A connection whose first large segment is sent again and again. */
const stalled = () =>
  bundleOf(NAME)
    .without('conntrack')
    .without('tcpdump')
    .withFile(
      'c1-worker/tcpdump/any.txt',
      `${['01.000000', '02.000000', '04.000000', '08.000000', '16.000000'].map(BIG).join('\n')}\n`,
    )
    .withFile(
      'c2-control-plane/netns/netshoot/tcpdump/eth0.txt',
      `2026-11-20 16:40:00.100000 eth0  Out IP 10.9.0.9.41999 > 10.8.0.7.80: Flags [S], seq 7, win 64240, length 0
2026-11-20 16:40:00.110000 eth0  In  IP 10.8.0.7.80 > 10.9.0.9.41999: Flags [S.], seq 9, ack 8, win 65160, length 0
2026-11-20 16:40:00.111000 eth0  Out IP 10.9.0.9.41999 > 10.8.0.7.80: Flags [.], ack 1, win 502, length 0
`,
    );
const flow = {
  proto: 'tcp',
  src: '10.9.0.9',
  dst: '10.8.0.7',
  dport: 80,
  sport: 41999,
  start: 'c2-control-plane/netshoot',
};

describe(ID, () => {
  test('no clamping on the way, large segments stuck', () => {
    const judged = stalled()
      .edited('c2-control-plane/iptables-save.txt', /.*-j TCPMSS.*\n/g, '')
      .judge(flow);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      node: 'c2-control-plane',
      values: { clamps: 0, payload: 1448 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('clamped connections stall for another reason', () => {
    const judged = stalled().judge(flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'clamped' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the rules it is undecided', () => {
    const judged = stalled().without('iptables-save', 'c2-control-plane/').judge(flow);
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'iptables-save', namespace: 'c2-control-plane' }] }),
    );
  });
});
