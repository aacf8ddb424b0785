import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'xfrm-enc-key-mismatch';
const NAME = 'xfrm-other-auth-key';
const noFailure = () => bundleOf(NAME).edited('west/ip_xfrm_state.txt', 'failed 3', 'failed 0');

describe(ID, () => {
  test('protocol errors without a failed check, with a cipher of its own', () => {
    const judged = noFailure().judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', node: 'west', values: { cipher: 'cbc(aes)' } });
    expect(findingOf(judged, 'xfrm-auth-key-mismatch')).toBeUndefined();
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a failed check is the other key', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('an AEAD has no such state', () => {
    const judged = noFailure()
      .edited(
        'west/ip_xfrm_state.txt',
        /\tauth-trunc .*\n\tenc .*\n/g,
        '\taead rfc4106(gcm(aes)) 0x00 (160 bits) 128\n',
      )
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without counters it is undecided', () => {
    const judged = noFailure().without('xfrm-stat').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'xfrm-stat', namespace: 'west' }] }),
    );
  });
});
