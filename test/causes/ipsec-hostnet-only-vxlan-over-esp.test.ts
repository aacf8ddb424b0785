import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'ipsec-hostnet-only-vxlan-over-esp';
const NAME = 'openyurt-ipvs-ipsec';
/** The tunnel between the gateways' own addresses, the overlay inside of it. */
const nodesOnly = () =>
  bundleOf(NAME)
    .without('tcpdump')
    .without('conntrack')
    .without('ipvsadm-connections')
    .edited('cloud-gw/ip_xfrm_policy.txt', /10\.233\.64\.0\/24/g, '192.0.2.10/32')
    .edited('cloud-gw/ip_xfrm_policy.txt', /10\.233\.68\.0\/24/g, '192.0.2.20/32')
    .edited('edge-gw/ip_xfrm_policy.txt', /10\.233\.64\.0\/24/g, '192.0.2.10/32')
    .edited('edge-gw/ip_xfrm_policy.txt', /10\.233\.68\.0\/24/g, '192.0.2.20/32');
const flow = { proto: 'tcp', src: '10.255.31.243', dst: '10.255.31.243', dport: 80, sport: 40031, start: 'cloud-gw' };

describe(ID, () => {
  test('service addresses never meet a policy', () => {
    const judged = nodesOnly().judge(flow);
    expect(judged.found).toEqual([]);
    expect(judged.observations.find((o) => o.id === ID)).toMatchObject({
      node: 'cloud-gw',
      values: { device: 'flannel.1', policySrc: '192.0.2.10/32' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a tunnel between pod networks is another design', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the policies it is not said', () => {
    expect(findingOf(nodesOnly().without('xfrm-policy').judge(flow), ID)).toBeUndefined();
  });
});
