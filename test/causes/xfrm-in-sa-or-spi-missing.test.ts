import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'xfrm-in-sa-or-spi-missing';
const NAME = 'xfrm-sa-mismatch';

describe(ID, () => {
  test('ESP arrives under an SPI that the receiver does not have', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'gw-b',
      values: { spi: '0x0a7c3d01', known: ['0x0a7c3d0f'], sender: 'gw-a' },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'rekey', provenByWalk: false }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a tunnel in order accuses nobody', () => {
    expect(findingOf(bundleOf('xfrm-healthy').judge(flowOf('xfrm-healthy')), ID)).toBeUndefined();
  });

  test('without the SAs of the receiver it is undecided', () => {
    const judged = bundleOf(NAME).without('xfrm-state', 'gw-b/').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'xfrm-state', namespace: 'gw-b' }] }),
    );
  });
});
