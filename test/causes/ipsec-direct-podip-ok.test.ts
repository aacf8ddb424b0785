import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'ipsec-direct-podip-ok';
const NAME = 'openyurt-ipvs-ipsec';
const direct = {
  proto: 'tcp',
  src: '10.233.64.0',
  dst: '10.233.68.67',
  dport: 80,
  sport: undefined,
  start: 'cloud-gw',
};

describe(ID, () => {
  test('the pod’s own address works from the host', () => {
    const judged = bundleOf(NAME).judge(direct);
    expect(judged.observations.find((o) => o.id === ID)).toMatchObject({
      node: 'cloud-gw',
      values: { pod: '10.233.68.67' },
    });
    expect(judged.found).toEqual([]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the service’s address is no such flow', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the policies it is not said', () => {
    expect(findingOf(bundleOf(NAME).without('xfrm-policy').judge(direct), ID)).toBeUndefined();
  });
});
