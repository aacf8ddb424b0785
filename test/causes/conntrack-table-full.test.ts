import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'conntrack-table-full';
const NAME = 'gen-conntrack-table-full';

describe(ID, () => {
  test('holds where the table is at its limit and packets were dropped for it', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'edge-2',
      values: { max: 256, message: true },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'raise-max', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds a little below the limit, where the walk finds room', () => {
    const judged = bundleOf(NAME)
      .edited('edge-2/sysctl_-a.txt', /nf_conntrack_max = 256/g, 'nf_conntrack_max = 264')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'certain', node: 'edge-2' });
  });

  test('a table with room is no case of it, old messages or not', () => {
    const judged = bundleOf(NAME)
      .edited('edge-2/sysctl_-a.txt', /nf_conntrack_max = 256/g, 'nf_conntrack_max = 65536')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the sysctls it is open', () => {
    const judged = bundleOf(NAME).without('sysctl', 'edge-2/sysctl').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'sysctl', namespace: 'edge-2' }] }),
    );
  });
});
