import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'ipsec-iptables-mode-ok';
const NAME = 'ok-ipsec-iptables-mode';

describe(ID, () => {
  test('netfilter’s translation is undone by the check', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.observations.find((o) => o.id === ID)).toMatchObject({
      confidence: 'certain',
      node: 'hub',
      values: { virtual: '10.254.31.243', server: '10.233.84.67' },
    });
    expect(judged.found).toEqual([]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('IPVS is no netfilter', () => {
    expect(findingOf(bundleOf('openyurt-ipvs-ipsec').judge(flowOf('openyurt-ipvs-ipsec')), ID)).toBeUndefined();
  });

  test('without the policies it is not said', () => {
    expect(findingOf(bundleOf(NAME).without('xfrm-policy').judge(flowOf(NAME)), ID)).toBeUndefined();
  });
});
