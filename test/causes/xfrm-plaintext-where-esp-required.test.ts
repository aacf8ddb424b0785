import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

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
      fixes: [{ id: 'add-out-policy', provenByWalk: true }],
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
});
