import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'xfrm-secpath-leaks-into-pod-netns';
const NAME = 'xfrm-missing-fwd-policy';
/** The host has every policy and counts nothing; the pod's namespace counts. */
const leaked = () => {
  const bundle = bundleOf(NAME);
  const policies = bundle.text('gw-b/ip_xfrm_policy.txt');
  const inward = policies.split(/(?=^src )/m).find((p) => p.includes('dir in')) ?? '';
  return bundle
    .appended('gw-b/ip_xfrm_policy.txt', inward.replace('dir in', 'dir fwd'))
    .edited('gw-b/xfrm_stat.txt', /XfrmInNoPols\s+\d+/, 'XfrmInNoPols 0');
};

describe(ID, () => {
  test('only the pod counts', () => {
    const judged = leaked()
      .edited('gw-b/netns/server/xfrm_stat.txt', /XfrmInNoPols\s+\d+/, 'XfrmInNoPols 3')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      node: 'gw-b',
      namespace: 'server',
      values: { counter: 3 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a host that counts has the fault itself', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the pod’s counters it is undecided where Cilium runs', () => {
    const judged = leaked()
      .without('xfrm-stat', 'netns/server')
      .appended(
        'gw-b/ip_addr.txt',
        '99: cilium_host@cilium_net: <BROADCAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP\n',
      )
      .judge(flowOf(NAME));
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'xfrm-stat', namespace: 'gw-b/server' }] }),
    );
  });
});
