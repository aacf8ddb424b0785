import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'underlay-antispoof';
const NAME = 'cloud-antispoof';

describe(ID, () => {
  test('holds where pod sources vanish and the node itself gets through', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: null,
      between: ['i-0a1', 'i-0b2'],
      values: { direct: true, contrast: true },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a missing route comes first', () => {
    const judged = bundleOf('gen-route-missing-on-node').judge(flowOf('gen-route-missing-on-node'));
    expect(judged.found[0]?.id).toBe('podcidr-route-missing');
  });

  test('a blocked tunnel is no case of it', () => {
    const judged = bundleOf('calico-vxlan-4789-blocked').judge(flowOf('calico-vxlan-4789-blocked'));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test("without the receiver's captures nobody is accused aloud", () => {
    const judged = bundleOf(NAME).without('tcpdump', 'i-0b2').judge(flowOf(NAME));
    expect(findingOf(judged, ID)?.confidence).not.toBe('certain');
  });

  test('an address that the network knows is walked as a fix, the provider’s switch is advice', () => {
    const judged = bundleOf('cloud-antispoof').judge(flowOf('cloud-antispoof'));
    expect(findingOf(judged, ID)?.fixes.map((f) => [f.id, f.provenByWalk])).toEqual([
      ['masquerade', true],
      ['permit-source', false],
    ]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("without the receiver's captures they would tell whether the packet arrives", () => {
    const dark = bundleOf(NAME).without('tcpdump', 'i-0b2');
    const judged = dark.judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['tcpdump i-0b2']);
    // A packet that nobody saw leave may have died on its own node.
    expect(neededFor(dark.without('tcpdump', 'i-0a1/tcpdump').judge(flowOf(NAME)), ID)).toBeUndefined();
    // Tunnelled packets have the node's own address.
    const tunnel = bundleOf('calico-vxlan-4789-blocked').without('tcpdump', '/tcpdump/any');
    expect(neededFor(tunnel.judge(flowOf('calico-vxlan-4789-blocked')), ID)).toBeUndefined();
  });

  test('packets that left by another device than the walk says were not lost behind it', () => {
    const name = 'policy-rule-sends-pods-to-vpn';
    expect(findingOf(bundleOf(name).without('ip-rule').judge(flowOf(name)), ID)).toBeUndefined();
  });
});
