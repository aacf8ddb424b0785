import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'xfrm-outer-addr-mismatch';
const NAME = 'xfrm-other-reqid';
/** The receiver's SA of the right connection, its policies of a gateway that has moved. */
const moved = () =>
  bundleOf(NAME)
    .edited('west/ip_xfrm_state.txt', 'reqid 7(0x00000007)', 'reqid 16401(0x00004011)')
    .edited('west/ip_xfrm_policy.txt', /tmpl src 198\.51\.100\.7 /g, 'tmpl src 198.51.100.8 ');

describe(ID, () => {
  test('the policy expects the tunnel from another address', () => {
    const judged = moved().judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'west',
      values: { templateSrc: '198.51.100.8', stateSrc: '198.51.100.7' },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'match-addresses', provenByWalk: false }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('on the sender: an SA of the same connection between other ends', () => {
    const base = bundleOf('xfrm-no-sa-out');
    const west = base.text('west/ip_xfrm_state.txt');
    const sa = west
      .slice(west.indexOf('src 198.51.100.7 dst 198.51.100.90'))
      .replace('dst 198.51.100.90', 'dst 198.51.100.91');
    const judged = base.appended('east/ip_xfrm_state.txt', sa).judge(flowOf('xfrm-no-sa-out'));
    expect(findingOf(judged, ID)).toMatchObject({ node: 'east', values: { stateDst: '198.51.100.91' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('another reqid alone is another cause', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('a counter of zero rules it out', () => {
    const judged = moved()
      .edited('west/xfrm_stat.txt', /XfrmInTmplMismatch\s+3/, 'XfrmInTmplMismatch 0')
      .judge(flowOf(NAME));
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'counter-zero' }));
  });

  test('without the policies a counted mismatch asks for them', () => {
    const dark = moved().without('xfrm-policy', 'west/');
    const judged = dark.judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['xfrm-policy west']);
    const silent = dark.edited('west/xfrm_stat.txt', /XfrmInTmplMismatch\s+3/, 'XfrmInTmplMismatch 0');
    expect(neededFor(silent.judge(flowOf(NAME)), ID)).toBeUndefined();
  });
});
