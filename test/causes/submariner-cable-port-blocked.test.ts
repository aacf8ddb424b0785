import { describe, expect, test } from 'vitest';
import { bundleOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'submariner-cable-port-blocked';
const NAME = 'submariner-healthy';
const flow = {
  proto: 'tcp',
  src: '10.9.1.6',
  dst: '10.8.0.7',
  dport: 80,
  sport: 40009,
  start: 'c2-worker/netshoot-gw',
};
const packets = (lines: readonly string[]) =>
  bundleOf(NAME)
    .without('conntrack')
    .without('tcpdump')
    .withFile('c2-worker/ip_xfrm_state.txt', 'src 0.0.0.0 dst 0.0.0.0\n'.slice(0, 0))
    .edited('c2-worker/xfrm_stat.txt', /XfrmOutNoStates\s+0/, 'XfrmOutNoStates 4')
    .withFile('c2-worker/tcpdump/any.txt', lines.join('\n').concat('\n'))
    .judge(flow);
const ASK = '2026-11-20 16:42:01.100000 eth0  Out IP 172.18.0.6.4490 > 172.18.0.4.4490: UDP, length 64';
const ANSWER = '2026-11-20 16:42:01.101000 eth0  In  IP 172.18.0.4.4490 > 172.18.0.6.4490: UDP, length 64';

describe(ID, () => {
  test('asked, never answered, no SA', () => {
    const judged = packets([ASK, ASK]);
    expect(findingOf(judged, ID)).toMatchObject({
      node: 'c2-worker',
      values: { peer: '172.18.0.4', asked: 2, ports: ['4490'] },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a peer that answers is reachable', () => {
    const judged = packets([ASK, ANSWER]);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'peer-answers' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without packets it is undecided', () => {
    const judged = bundleOf(NAME)
      .without('conntrack')
      .without('tcpdump')
      .withFile('c2-worker/ip_xfrm_state.txt', '')
      .edited('c2-worker/xfrm_stat.txt', /XfrmOutNoStates\s+0/, 'XfrmOutNoStates 4')
      .judge(flow);
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'tcpdump', namespace: 'c2-worker' }] }),
    );
  });
});
