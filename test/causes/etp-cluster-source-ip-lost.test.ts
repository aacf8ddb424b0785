import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'etp-cluster-source-ip-lost';
const NAME = 'ack-cluster-nodeport-external';

describe(ID, () => {
  test('is said of a node port with the Cluster policy', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found).toEqual([]);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'cn-hongkong.10.0.5.168',
      values: { client: '10.0.3.72', seenAs: '10.0.5.168', kind: 'node-port' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is not said of a Local service, of a ClusterIP or of a failing flow', () => {
    for (const name of [
      'ack-local-124-slb-from-no-endpoint-node-flannel',
      'ok-ipvs-cross-node-flannel',
      'ack-local-124-nodeport-external-terway',
    ])
      expect(findingOf(bundleOf(name).judge(flowOf(name)), ID)).toBeUndefined();
  });

  test('is only likely where nothing was seen of the flow', () => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .without('conntrack')
      .withoutFile('nf_conntrack.txt')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)?.confidence).toBe('likely');
  });
});
