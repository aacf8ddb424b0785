import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'xfrm-in-or-fwd-policy-missing';
const NAME = 'xfrm-missing-fwd-policy';

describe(ID, () => {
  test('a gateway decrypts and has no policy to pass the packet on', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    const found = findingOf(judged, ID);
    expect(found).toMatchObject({ confidence: 'certain', node: 'gw-b', at: 'xfrm-fwd', values: { dir: 'fwd' } });
    expect(found?.fixes).toMatchObject([{ id: 'add-policy', provenByWalk: false }]);
    expect(found?.fixes[0]?.commands[0]?.command).toBe(
      'ip xfrm policy add src 10.10.1.0/24 dst 10.20.1.0/24 dir fwd priority 1757393 tmpl src 192.0.2.10 dst 192.0.2.20 proto esp reqid 16389 mode tunnel',
    );
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an answer that IPVS renamed is another cause', () => {
    const judged = bundleOf('openyurt-ipvs-ipsec').judge(flowOf('openyurt-ipvs-ipsec'));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('a counter of zero rules it out', () => {
    const judged = bundleOf(NAME)
      .edited('gw-b/xfrm_stat.txt', /XfrmInNoPols\s+\d+/, 'XfrmInNoPols 0')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'counter-zero' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the counters it is likely at most', () => {
    const judged = bundleOf(NAME).without('xfrm-stat').judge(flowOf(NAME));
    expect(findingOf(judged, ID)?.confidence).toBe('likely');
  });

  test('without the policies it is undecided and says what to collect', () => {
    const judged = bundleOf(NAME).without('xfrm-policy', 'gw-b/').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'xfrm-policy', namespace: 'gw-b' }] }),
    );
  });
});
