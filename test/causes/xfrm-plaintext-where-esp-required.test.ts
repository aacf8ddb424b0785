import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'xfrm-plaintext-where-esp-required';

describe(ID, () => {
  test('a sender without any policy', () => {
    const judged = bundleOf('xfrm-plain-sender').judge(flowOf('xfrm-plain-sender'));
    expect(judged.found.map((f) => f.id)).toEqual([ID]);
    expect(judged.found[0]).toMatchObject({
      confidence: 'certain',
      node: 'west',
      values: { sender: 'east', dir: 'fwd' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a sender whose policy is too narrow; its policies mend it', () => {
    const name = 'xfrm-out-policy-too-narrow';
    const judged = bundleOf(name).judge(flowOf(name));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      node: 'west',
      fixes: [{ id: 'add-out-policy', provenByWalk: false }],
    });
    expect(judged.found[0]?.fixes[0]?.commands.map((c) => c.node)).toEqual(['east', 'east', 'east']);
  });

  test('a packet that was decrypted is no plain one', () => {
    expect(findingOf(bundleOf('xfrm-other-reqid').judge(flowOf('xfrm-other-reqid')), ID)).toBeUndefined();
  });

  test('without the counters it is likely at most', () => {
    const judged = bundleOf('xfrm-plain-sender').without('xfrm-stat').judge(flowOf('xfrm-plain-sender'));
    expect(findingOf(judged, ID)?.confidence).toBe('likely');
  });

  test('without the policies of the receiver a counted mismatch asks for them', () => {
    const name = 'xfrm-plain-sender';
    const dark = bundleOf(name).without('xfrm-policy', 'west/');
    const judged = dark.judge(flowOf(name));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['xfrm-policy west']);
    // What came out of a tunnel was no plain packet.
    const other = bundleOf('xfrm-other-reqid').without('xfrm-policy', 'west/').judge(flowOf('xfrm-other-reqid'));
    expect(neededFor(other, ID)).toBeUndefined();
  });

  test('ESP whose SAs were not captured is no plain packet', () => {
    const judged = bundleOf('outer-addr').without('xfrm-state').judge(flowOf('outer-addr'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toContain('xfrm-state gb');
  });
});
