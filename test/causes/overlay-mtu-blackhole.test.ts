import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf, recorded } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'overlay-mtu-blackhole';
const NAME = 'gen-mtu-blackhole-vxlan';

describe.skipIf(!recorded)(ID, () => {
  test('holds where full-size segments are repeated on one side and never seen on the other', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.flow.evidence.seen).toBe('stalled');
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: null,
      between: ['site-b1', 'site-a1'],
      values: { payload: 1398, inner: 1450, outer: 1500, overhead: 50, deviceMtu: 1450 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds over another overlay and link', () => {
    const judged = bundleOf('calico-vxlan-leg-1420').judge(flowOf('calico-vxlan-leg-1420'));
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'certain', node: null });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the connection with the small answer is no case of it', () => {
    const judged = bundleOf(NAME).judge({ ...flowOf(NAME), sport: 35_708 });
    expect(judged.flow.evidence.seen).toBe('ok');
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test.each(['ok-noisy', 'ok-ipvs-cross-node-flannel', 'xfrm-healthy', 'submariner-healthy'])(
    'large answers of %s that arrive are no case of it',
    (name) => {
      const judged = bundleOf(name).judge(flowOf(name));
      expect(judged.flow.evidence.seen).toBe('ok');
      expect(findingOf(judged, ID)).toBeUndefined();
    },
  );

  test("without the other side's captures it is likely, not certain", () => {
    const judged = bundleOf(NAME)
      .without('tcpdump', 'site-a1/tcpdump')
      .without('tcpdump', 'site-a1/netns')
      .judge({ ...flowOf(NAME), sport: 35_712 });
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', node: null });
    expect(unsaid(judged, ID)).toEqual([]);
  });
});
