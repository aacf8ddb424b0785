import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'ipsec-podnetns-clusterip-ok';
const NAME = 'openyurt-ipvs-ipsec';
const fromPod = {
  proto: 'tcp',
  src: '10.233.64.5',
  dst: '10.255.31.243',
  dport: 80,
  sport: undefined,
  start: 'cloud-gw/client',
};

describe(ID, () => {
  test('the same service works from a pod', () => {
    const judged = bundleOf(NAME).judge(fromPod);
    expect(judged.observations.find((o) => o.id === ID)).toMatchObject({
      node: 'cloud-gw',
      values: { virtual: '10.255.31.243', server: '10.233.68.67' },
    });
    expect(judged.found).toEqual([]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('from the host it does not', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the policies it is not said', () => {
    expect(findingOf(bundleOf(NAME).without('xfrm-policy').judge(fromPod), ID)).toBeUndefined();
  });
});
