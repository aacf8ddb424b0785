import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'submariner-snat-rule-removed-hostnet-break';
const NAME = 'submariner-hostnet-rule-deleted';

describe(ID, () => {
  test('a host process keeps its tunnel address', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found.map((f) => f.id)).toEqual([ID]);
    expect(judged.found[0]).toMatchObject({
      confidence: 'certain',
      node: 'c2-worker',
      values: { sender: 'c2-control-plane', vtep: '240.18.0.5' },
      fixes: [{ id: 'restore-rule', provenByWalk: true }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('with the rule it is not the cause', () => {
    const judged = bundleOf(NAME)
      .edited(
        'c2-control-plane/iptables-save.txt',
        /(?=.*-A SUBMARINER-POSTROUTING -s 10\.9)/,
        '[0:0] -A SUBMARINER-POSTROUTING -s 240.0.0.0/8 -o vx-submariner -j SNAT --to-source 10.9.0.1\n',
      )
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the rules it is undecided', () => {
    const judged = bundleOf(NAME)
      .without('iptables-save', 'c2-control-plane/')
      .without('nft-ruleset', 'c2-control-plane/')
      .judge(flowOf(NAME));
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'iptables-save', namespace: 'c2-control-plane' }] }),
    );
  });
});
