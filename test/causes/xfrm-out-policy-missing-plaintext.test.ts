import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'xfrm-out-policy-missing-plaintext';
const NAME = 'xfrm-out-policy-too-narrow';
/** The far gateway takes no part: nobody refuses the plain packet, nobody answers it. */
const alone = () => bundleOf(NAME).withoutNode('west');

describe(ID, () => {
  test('a packet beside the selector leaves in the clear', () => {
    const judged = alone().judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'east',
      values: { src: '172.20.8.21', policySrc: '172.20.8.0/28', clear: 3 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a packet that is encrypted is none', () => {
    const judged = alone()
      .edited('east/ip_xfrm_policy.txt', /172\.20\.8\.0\/28/g, '172.20.8.0/24')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without packets it is likely at most', () => {
    const judged = alone().without('tcpdump', 'east/tcpdump').judge(flowOf(NAME));
    expect(['likely', 'certain']).toContain(findingOf(judged, ID)?.confidence);
  });

  test('without the policies nobody is accused', () => {
    expect(findingOf(alone().without('xfrm-policy').judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the policies a gateway with SAs that sends in the clear asks for them', () => {
    const judged = alone().without('xfrm-policy').judge(flowOf(NAME));
    expect(neededFor(judged, ID)).toEqual(['xfrm-policy east']);
    const unseen = alone().without('xfrm-policy').without('tcpdump', 'east/tcpdump');
    expect(neededFor(unseen.judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the rules that decide under which source it leaves these would tell', () => {
    const name = 'ipsec-service-policy-misscoped';
    const judged = bundleOf(name).without('iptables-save').judge(flowOf(name));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)?.[0]).toMatch(/^iptables-save /);
  });
});
