import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf, recorded } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'snat-before-xfrm-policy-miss';
const NAME = 'raven-flannel-masq-before-xfrm';

describe.skipIf(!recorded)(ID, () => {
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
});
