import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'kube-router-local-ips-empty';
const NAME = 'kube-router-svip-node-ip';

describe(ID, () => {
  test('is what stands behind the refused node address', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'master',
      values: { set: 'inet6:kube-router-local-ips' },
      fixes: [{ id: 'fill-set', provenByWalk: false }],
    });
    expect(judged.found[0]?.consequences.map((f) => f.id)).toEqual([ID]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a set that holds other addresses of the node is not empty', () => {
    const judged = bundleOf(NAME)
      .edited(
        'master/ipset_list.txt',
        /(Name: inet6:kube-router-local-ips\n(?:.+\n)*?)Number of entries: 0\nMembers:\n/,
        '$1Number of entries: 1\nMembers:\nfdcd:5f23:4ab4:10::99 timeout 0\n',
      )
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe('set-has-addresses');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a set that holds loopback addresses alone is as good as empty', () => {
    const judged = bundleOf(NAME)
      .edited(
        'master/ipset_list.txt',
        /(Name: inet6:kube-router-local-ips\n(?:.+\n)*?)Number of entries: 0\nMembers:\n/,
        '$1Number of entries: 1\nMembers:\n::1 timeout 0\n',
      )
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeDefined();
  });

  test('without the sets it is undecided', () => {
    const judged = bundleOf(NAME).without('ipset', 'master').judge(flowOf(NAME));
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ipset', namespace: 'master' }]);
  });
});
