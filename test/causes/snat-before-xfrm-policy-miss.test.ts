import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'snat-before-xfrm-policy-miss';
const NAME = 'raven-flannel-masq-before-xfrm';

describe(ID, () => {
  test('the gateway masquerades what it should encrypt', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'master-gw',
      values: { src: '10.16.2.15', translated: '172.31.1.102', by: 'flannel' },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'exempt', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('with the pair in the exempting set the packet stays encrypted', () => {
    const judged = bundleOf(NAME)
      .edited('master-gw/ipset_list.txt', '10.16.1.0/24,10.16.1.0/24', '10.16.2.0/24,10.16.10.0/24')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without entries and packets of the gateway it is likely at most', () => {
    const judged = bundleOf(NAME)
      .without('conntrack', 'master-gw/')
      .without('tcpdump', 'master-gw/')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)?.confidence).toBe('likely');
  });

  test('without the policies of a gateway that masquerades, or the rules of one whose SA is idle, these would tell', () => {
    const noPolicies = bundleOf(NAME).without('xfrm-policy', 'master-gw/').judge(flowOf(NAME));
    expect(findingOf(noPolicies, ID)).toBeUndefined();
    expect(neededFor(noPolicies, ID)).toEqual(['xfrm-policy master-gw']);
    const dark = bundleOf(NAME).without('iptables-save', 'master-gw/').without('nft-ruleset', 'master-gw/');
    expect(neededFor(dark.judge(flowOf(NAME)), ID)).toEqual(['iptables-save master-gw']);
    // An SA that encrypts gets its packets.
    const busy = dark.edited('master-gw/ip_xfrm_state.txt', /0\(bytes\), 0\(packets\)/g, '900(bytes), 9(packets)');
    expect(neededFor(busy.judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('a healthy gateway is asked for nothing', () => {
    const dark = bundleOf('xfrm-healthy').without('iptables-save').without('nft-ruleset').without('xfrm-policy');
    expect(neededFor(dark.judge(flowOf('xfrm-healthy')), ID)).toBeUndefined();
  });
});
