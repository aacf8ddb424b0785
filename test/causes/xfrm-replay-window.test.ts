import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'xfrm-replay-window';
const NAME = 'xfrm-sender-restarted';

describe(ID, () => {
  test('the sender starts again below the receiver', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'west',
      values: { restarted: true, highest: 0x78, window: 32 },
    });
    expect(judged.found.map((f) => f.id)).toEqual([ID]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('failed checks are no replay', () => {
    const judged = bundleOf('xfrm-other-auth-key').judge(flowOf('xfrm-other-auth-key'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'in-window' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('old late packets of an SA that goes on are no certainty', () => {
    const judged = bundleOf(NAME).edited('west/ip_xfrm_state.txt', 'seq 0x78', 'seq 0x1').judge(flowOf(NAME));
    expect(findingOf(judged, ID)?.confidence).toBe('likely');
  });

  test('without counters and statistics it is undecided', () => {
    const judged = bundleOf(NAME)
      .without('xfrm-stat')
      .edited('west/ip_xfrm_state.txt', /\tstats:\n.*\n/g, '')
      .judge(flowOf(NAME));
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'xfrm-stat', namespace: 'west' }] }),
    );
  });
});
