import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'xfrm-tmpl-reqid-mismatch';
const NAME = 'xfrm-other-reqid';

describe(ID, () => {
  test('the SA has another reqid than the policy', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'west',
      values: { kind: 'reqid', policyReqid: 16401, stateReqid: 7, dir: 'fwd' },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'match-template', provenByWalk: false }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a template without a reqid takes any', () => {
    const judged = bundleOf(NAME)
      .edited('west/ip_xfrm_policy.txt', /reqid 16401\(0x00004011\)/g, 'reqid 0(0x00000000)')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the counters it is likely at most', () => {
    const judged = bundleOf(NAME).without('xfrm-stat').judge(flowOf(NAME));
    expect(findingOf(judged, ID)?.confidence).toBe('likely');
  });

  test('without the policies the general cause is undecided', () => {
    const judged = bundleOf(NAME).without('xfrm-policy', 'west/').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.flatMap((u) => u.missing)).toContainEqual({ kind: 'xfrm-policy', namespace: 'west' });
  });

  test('without the policies they would tell, where the kernel counts packets that their templates refused', () => {
    const dark = bundleOf(NAME).without('xfrm-policy', 'west/');
    expect(neededFor(dark.judge(flowOf(NAME)), ID)).toEqual(['xfrm-policy west']);
    const silent = dark.edited('west/xfrm_stat.txt', /XfrmInTmplMismatch(\s+)[1-9]\d*/, 'XfrmInTmplMismatch$10');
    expect(neededFor(silent.judge(flowOf(NAME)), ID)).toBeUndefined();
  });
});
