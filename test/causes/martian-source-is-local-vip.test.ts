import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'martian-source-is-local-vip';
const NAME = 'ack-local-124-slb-from-no-endpoint-node-terway';

describe(ID, () => {
  test('hangs below the traffic policy that sent the packet under that source', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      values: { source: '47.243.247.219', device: 'kube-ipvs0', virtual: true },
    });
    expect(judged.found[0]?.consequences.map((f) => f.id)).toContain(ID);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is likely where neither packets nor counters locate the drop', () => {
    const judged = bundleOf(NAME).without('tcpdump').without('ipset').judge(flowOf(NAME));
    expect(findingOf(judged, ID)?.confidence).toBe('likely');
  });

  test('accept_local lets the packet in', () => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .edited('sysctl_-a.txt', /net\.ipv4\.conf\.all\.accept_local = 0/, 'net.ipv4.conf.all.accept_local = 1')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('a strict reverse path filter is another cause', () => {
    expect(findingOf(bundleOf('gen-rp-filter-strict').judge(flowOf('gen-rp-filter-strict')), ID)).toBeUndefined();
  });

  test('an address that is there twice is taken away from the receiver; letting it in helps the request alone', () => {
    const judged = bundleOf('splitbrain').judge(flowOf('splitbrain'));
    const found = findingOf(judged, ID);
    expect(found?.fixes.map((f) => [f.id, f.provenByWalk])).toEqual([
      ['remove-address', true],
      ['accept-local', false],
    ]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the rules of the node that translates they would tell whether the source stays', () => {
    const name = 'ipsec-service-policy-misscoped';
    const judged = bundleOf(name).without('iptables-save').judge(flowOf(name));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)?.[0]).toMatch(/^iptables-save /);
    expect(neededFor(bundleOf(name).judge(flowOf(name)), ID)).toBeUndefined();
  });
});
