import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'etp-local-local-ep-ok';
const NAME = 'ack-local-124-nodeport-external-terway';

describe(ID, () => {
  test('is said of the node that has an endpoint', () => {
    const judged = bundleOf(NAME).judge({
      src: '10.0.3.72',
      dst: '10.0.2.77',
      dport: 30745,
      start: 'client-10.0.3.72',
    });
    expect(judged.found).toEqual([]);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'cn-hongkong.10.0.2.77',
      values: { client: '10.0.3.72', seenAs: '10.0.3.72' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is not said of the node without one, nor of the Cluster policy', () => {
    for (const name of [NAME, 'ack-cluster-nodeport-external'])
      expect(findingOf(bundleOf(name).judge(flowOf(name)), ID)).toBeUndefined();
  });
});
