import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'raven-skip-nat-set-incomplete';
const NAME = 'raven-flannel-masq-before-xfrm';

describe(ID, () => {
  test('the pair is missing, and hangs below the lost encryption', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]?.consequences.map((c) => c.id)).toContain(ID);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'master-gw',
      values: { src: '10.16.2.0/24', dst: '10.16.10.0/24' },
      fixes: [{ id: 'add-pair', provenByWalk: true }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('another gateway without Raven has no such set', () => {
    const judged = bundleOf(NAME)
      .edited('master-gw/iptables-save.txt', /.*RAVEN.*\n/g, '')
      .edited('master-gw/ipset_list.txt', /raven-/g, 'other-')
      .edited('master-gw/ip_addr.txt', /raven0/g, 'overlay0')
      .edited('master-gw/ip_addr.txt', 'dstport 4472', 'dstport 4473')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the sets it is undecided', () => {
    const judged = bundleOf(NAME).without('ipset', 'master-gw/').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.flatMap((u) => u.missing)).toContainEqual({ kind: 'ipset', namespace: 'master-gw' });
  });
});
