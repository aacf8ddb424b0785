import { describe, expect, test } from 'vitest';
import { type BundleTexts, bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { waiting } from './services.ts';

const ID = 'xfrm-seq-exhausted';
const NAME = 'xfrm-esp-dropped-between';
const FLOW = { ...flowOf(NAME), sport: 40_011 };
const used = (oseq: string, counted: number) =>
  bundleOf(NAME)
    .without('tcpdump', 'east/tcpdump')
    .edited('east/ip_xfrm_state.txt', /(src 198\.51\.100\.7 dst [\s\S]*?oseq )0x[0-9a-f]+/, `$1${oseq}`)
    .edited('east/xfrm_stat.txt', /XfrmOutStateSeqError\s+0/, `XfrmOutStateSeqError ${counted}`)
    .judge(flowOf(NAME));

describe(ID, () => {
  test('the last number is used and the kernel counts refusals', () => {
    const judged = used('0xffffffff', 4);
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'certain', node: 'east', values: { oseq: 0xffffffff } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a counter of an earlier SA is a possibility', () => {
    expect(findingOf(used('0x77', 4), ID)?.confidence).toBe('possible');
  });

  test('nothing counted, numbers left', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test("without the sender's SAs a counted refusal asks for them", () => {
    const dark = bundleOf(NAME).without('tcpdump').without('xfrm-state', 'east/');
    const asking = (bundle: BundleTexts) => waiting(bundle, FLOW).judge(FLOW);
    const counting = dark.edited('east/xfrm_stat.txt', /XfrmOutStateSeqError\s+0/, 'XfrmOutStateSeqError 4');
    const judged = asking(counting);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['xfrm-state east']);
    expect(neededFor(asking(dark), ID)).toBeUndefined();
  });
});
