import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'submariner-vtep-snat-return-asymmetry';
const NAME = 'submariner-vx-snat';

describe(ID, () => {
  test('the answer comes outside of the tunnel and the filter drops it', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'c2-control-plane',
      values: { translated: '10.9.0.1', target: '240.18.0.6', byFilter: true },
    });
    expect(judged.found[0]?.fixes).toMatchObject([
      { id: 'exempt-vteps', provenByWalk: true },
      { id: 'loose-filter', provenByWalk: true },
    ]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('with a loose filter the rule does no harm', () => {
    const judged = bundleOf(NAME)
      .edited('c2-control-plane/sysctl_-a.txt', 'net.ipv4.conf.all.rp_filter = 1', 'net.ipv4.conf.all.rp_filter = 2')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'answer-comes-back' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the rules it is undecided', () => {
    const judged = bundleOf(NAME).without('iptables-save').without('nft-ruleset').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'iptables-save', namespace: 'c2-control-plane' }] }),
    );
  });
});
