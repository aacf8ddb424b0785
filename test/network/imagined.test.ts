import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from '../causes/bundle.ts';
import { findingOf } from '../causes/said.ts';

const imaginedOf = (name: string) =>
  [...bundleOf(name).withoutPods().network().namespaces.values()].filter((ns) => ns.imagined);

describe('pods that only their host shows', () => {
  test('behind a veth with a host route', () => {
    const [pod, ...others] = imaginedOf('spi-reply').filter((ns) => ns.node === 'ub');
    expect(others).toEqual([]);
    expect(pod?.id).toBe('ub/10.42.8.4');
    expect([...(pod?.links.keys() ?? [])]).toEqual(['eth0']);
  });

  test('behind a bridge port whose MAC the bridge has learnt', () => {
    expect(imaginedOf('ct-off-host').map((ns) => ns.id)).toContain('hz-b/10.72.1.7');
  });

  test('the walk goes through them and back', () => {
    const judged = bundleOf('spi-reply')
      .withoutPods()
      .judge({ ...flowOf('spi-reply'), start: undefined });
    expect(findingOf(judged, 'xfrm-in-sa-or-spi-missing')).toMatchObject({ node: 'ua', confidence: 'certain' });
  });

  test('an answer that dies on the way back is still found', () => {
    const name = 'openyurt-ipvs-ipsec';
    const judged = bundleOf(name).withoutPods().judge(flowOf(name));
    expect(findingOf(judged, 'ipvs-host-clusterip-xfrm-innopols')).toMatchObject({ confidence: 'certain' });
  });

  test('a captured pod is not imagined beside itself', () => {
    const namespaces = [...bundleOf('spi-reply').network().namespaces.values()];
    expect(namespaces.filter((ns) => ns.imagined)).toEqual([]);
  });

  test('a neighbour that does not answer is no pod', () => {
    const dead = bundleOf('spi-reply').withoutPods().appended('ub/ip_neigh.txt', '10.42.8.4 dev vethbb FAILED\n');
    expect(dead.network().namespaces.has('ub/10.42.8.4')).toBe(false);
  });
});
