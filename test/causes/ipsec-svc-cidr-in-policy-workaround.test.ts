import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'ipsec-svc-cidr-in-policy-workaround';

describe(ID, () => {
  test('a policy for the service range lets the answers in', () => {
    const name = 'ipsec-service-policy-ok';
    const judged = bundleOf(name).judge(flowOf(name));
    expect(judged.found).toEqual([]);
    expect(judged.observations.find((o) => o.id === ID)).toMatchObject({
      confidence: 'certain',
      node: 'hub',
      values: { misses: false, policySrc: '10.61.0.0/16' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('one that ends elsewhere does not, and the cause stays', () => {
    const name = 'ipsec-service-policy-misscoped';
    const judged = bundleOf(name).judge(flowOf(name));
    expect(judged.found[0]).toMatchObject({
      id: 'ipvs-host-clusterip-xfrm-innopols',
      node: 'hub',
      confidence: 'certain',
    });
    expect(judged.observations.find((o) => o.id === ID)).toMatchObject({
      values: { misses: true, policyDst: '203.0.113.5/32', wanted: '10.60.1.0' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the policies it is not said', () => {
    const name = 'ipsec-service-policy-ok';
    expect(findingOf(bundleOf(name).without('xfrm-policy').judge(flowOf(name)), ID)).toBeUndefined();
  });
});
