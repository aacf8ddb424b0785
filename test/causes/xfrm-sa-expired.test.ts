import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'xfrm-sa-expired';
const NAME = 'xfrm-other-auth-key';
/** The receiver has no SA for the request any more. */
const gone = () => {
  const bundle = bundleOf(NAME);
  const states = bundle.text('west/ip_xfrm_state.txt');
  return bundle
    .withFile('west/ip_xfrm_state.txt', states.slice(0, states.indexOf('src 198.51.100.7 dst 198.51.100.90')))
    .edited('west/xfrm_stat.txt', /XfrmInNoStates\s+0/, 'XfrmInNoStates 3');
};

describe(ID, () => {
  test('an SA that is gone, and packets that met it expired', () => {
    const judged = gone()
      .edited('west/xfrm_stat.txt', /XfrmInStateExpired\s+0/, 'XfrmInStateExpired 1')
      .judge(flowOf(NAME));
    const [first] = judged.found;
    expect(first).toMatchObject({ id: ID, confidence: 'certain', node: 'west', values: { inbound: true } });
    expect(first?.consequences.map((c) => c.id)).toEqual(['xfrm-in-sa-or-spi-missing']);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an SA that reached its limit of packets', () => {
    const bundle = bundleOf(NAME);
    const states = bundle.text('west/ip_xfrm_state.txt');
    const at = states.indexOf('src 198.51.100.7 dst 198.51.100.90');
    const limited = states
      .slice(at)
      .replace('hard (INF)(packets)', 'hard 30(packets)')
      .replace('0(bytes), 0(packets)', '2400(bytes), 30(packets)')
      .replace('failed 3', 'failed 0');
    const judged = bundle
      .withFile('west/ip_xfrm_state.txt', states.slice(0, at) + limited)
      .edited('west/xfrm_stat.txt', /XfrmInStateProtoError\s+3/, 'XfrmInStateProtoError 0')
      .edited('west/xfrm_stat.txt', /XfrmInStateExpired\s+0/, 'XfrmInStateExpired 3')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ node: 'west', values: { limit: 'packets', current: 30 } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an SA that was never there', () => {
    const judged = gone().judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.found[0]).toMatchObject({ id: 'xfrm-in-sa-or-spi-missing', node: 'west' });
  });

  test('without the SAs a counter of expired ones asks for them', () => {
    const dark = bundleOf(NAME).without('xfrm-state', 'west/');
    const counting = dark.edited('west/xfrm_stat.txt', /XfrmInStateExpired\s+0/, 'XfrmInStateExpired 1');
    const judged = counting.judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['xfrm-state west']);
    expect(neededFor(dark.judge(flowOf(NAME)), ID)).toBeUndefined();
  });
});
