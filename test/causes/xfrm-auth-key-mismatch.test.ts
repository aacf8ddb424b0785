import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'xfrm-auth-key-mismatch';
const NAME = 'xfrm-other-auth-key';

describe(ID, () => {
  test('every packet fails its integrity check', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'west',
      values: { failed: 3, differs: false, spi: '0x4f10ab01' },
    });
    expect(judged.found).toHaveLength(1);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('no key ever shows', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(JSON.stringify(judged.found)).not.toMatch(/1111111111|3333333333/);
  });

  test('a receiver that counts replayed packets has another trouble', () => {
    const judged = bundleOf('xfrm-sender-restarted').judge(flowOf('xfrm-sender-restarted'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'integrity-ok' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without packets the counters make it likely or certain, never another node', () => {
    const judged = bundleOf(NAME).without('tcpdump', 'west/').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ node: 'west' });
  });

  test('without counters and statistics it is undecided', () => {
    const judged = bundleOf(NAME)
      .without('xfrm-stat')
      .edited('west/ip_xfrm_state.txt', /\tstats:\n.*\n/g, '')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'xfrm-stat', namespace: 'west' }] }),
    );
  });
});
