import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'xfrm-natt-encap-mismatch';
const NAME = 'xfrm-other-auth-key';
const ENCAP = '\tencap type espinudp sport 4500 dport 4500 addr 0.0.0.0\n';
const wrapped = (node: string) =>
  bundleOf(NAME)
    .edited(`${node}/ip_xfrm_state.txt`, /(src 198\.51\.100\.7 dst [\s\S]*?\tenc .*\n)/, `$1${ENCAP}`)
    .edited('west/xfrm_stat.txt', /XfrmInStateProtoError\s+3/, 'XfrmInStateProtoError 0')
    .edited('west/xfrm_stat.txt', /XfrmInStateMismatch\s+0/, 'XfrmInStateMismatch 3');

describe(ID, () => {
  test('the receiver expects UDP and gets plain ESP', () => {
    const judged = wrapped('west').judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'certain', node: 'west', values: { wrapped: false } });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'same-encapsulation', provenByWalk: false }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('both ends wrap: nothing differs', () => {
    const both = wrapped('west').edited(
      'east/ip_xfrm_state.txt',
      /(src 198\.51\.100\.7 dst [\s\S]*?\tenc .*\n)/,
      `$1${ENCAP}`,
    );
    expect(findingOf(both.judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the counters it is likely at most', () => {
    expect(findingOf(wrapped('west').without('xfrm-stat').judge(flowOf(NAME)), ID)?.confidence).toBe('likely');
  });

  test("without the receiver's SAs a counted mismatch asks for them", () => {
    const dark = wrapped('west').without('xfrm-state', 'west/');
    const judged = dark.judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['xfrm-state west']);
    const other = bundleOf(NAME).without('xfrm-state', 'west/').judge(flowOf(NAME));
    expect(neededFor(other, ID)).toBeUndefined();
  });
});
