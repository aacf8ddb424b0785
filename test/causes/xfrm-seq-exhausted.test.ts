import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'xfrm-seq-exhausted';
const NAME = 'xfrm-esp-dropped-between';
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
});
