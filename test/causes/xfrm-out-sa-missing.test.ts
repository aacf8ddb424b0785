import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'xfrm-out-sa-missing';
const NAME = 'xfrm-no-sa-out';

describe(ID, () => {
  test('a policy without an SA drops before anything is sent', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'east',
      at: 'xfrm-out',
      values: { tunnelSrc: '198.51.100.7', tunnelDst: '198.51.100.90', asked: false },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an SA of another connection between the same ends is another cause', () => {
    const bundle = bundleOf(NAME);
    const west = bundle.text('west/ip_xfrm_state.txt');
    const out = west
      .slice(west.indexOf('src 198.51.100.7 dst 198.51.100.90'))
      .replace('16401(0x00004011)', '9(0x00000009)');
    const judged = bundle.appended('east/ip_xfrm_state.txt', out).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(findingOf(judged, 'xfrm-tmpl-reqid-mismatch')).toMatchObject({
      node: 'east',
      values: { dir: 'out', stateReqid: 9 },
    });
  });

  test('without the SAs of the sender it is undecided', () => {
    const judged = bundleOf(NAME).without('xfrm-state', 'east/').judge(flowOf(NAME));
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'xfrm-state', namespace: 'east' }] }),
    );
  });
});
