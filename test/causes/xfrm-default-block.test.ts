import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'xfrm-default-block';
const NAME = 'xfrm-plain-sender';
const defaults = (fwd: string) =>
  bundleOf(NAME)
    .withFile('west/ip_xfrm_policy.txt', `Default policies:\n in:  accept\n fwd: ${fwd}\n out: accept\n`)
    .edited('west/xfrm_stat.txt', /XfrmInNoPols\s+0/, 'XfrmInNoPols 3');

describe(ID, () => {
  test('packets in the clear are refused by the default', () => {
    const judged = defaults('block').judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'certain', node: 'west', values: { dir: 'fwd' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the usual default refuses nothing', () => {
    expect(findingOf(defaults('accept').judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the counters it is likely at most', () => {
    expect(findingOf(defaults('block').without('xfrm-stat').judge(flowOf(NAME)), ID)?.confidence).toBe('likely');
  });

  test('without the listing a counter that no policy stood by asks for it', () => {
    const dark = defaults('block').without('xfrm-policy', 'west/');
    const judged = dark.judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['xfrm-policy west']);
    const silent = dark.edited('west/xfrm_stat.txt', /XfrmInNoPols 3/, 'XfrmInNoPols 0');
    expect(neededFor(silent.judge(flowOf(NAME)), ID)).toBeUndefined();
  });
});
