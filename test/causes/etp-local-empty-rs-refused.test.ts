import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'etp-local-empty-rs-refused';
const NAME = 'ack-local-pre124-nodeport-no-endpoint';

describe(ID, () => {
  test('holds on the node without an endpoint, and the Cluster policy mends it', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'cn-hongkong.10.0.0.140',
      values: { set: 'KUBE-NODE-PORT-LOCAL-TCP', port: 30479 },
      fixes: [{ id: 'policy-cluster', provenByWalk: false }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a service that has no server on any node is no case of it', () => {
    const judged = bundleOf('gen-ipvs-no-real-server').judge(flowOf('gen-ipvs-no-real-server'));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('a service in none of the Local sets is no case of it', () => {
    const judged = bundleOf(NAME)
      .edited(
        'cn-hongkong.10.0.0.140/ipset_list.txt',
        /(Name: KUBE-NODE-PORT-LOCAL-TCP\n(?:.+\n)*?)Number of entries: 1\nMembers:\n30479\n/,
        '$1Number of entries: 0\nMembers:\n',
      )
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe('policy-cluster');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the sets it is possible where other nodes have servers and the flow was seen to be refused, and they would decide', () => {
    const judged = bundleOf(NAME).without('ipset').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'possible', values: { untold: true } });
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([
      { kind: 'ipset', namespace: 'cn-hongkong.10.0.0.140' },
    ]);
  });

  test('without the sets and without packets it is undecided', () => {
    const judged = bundleOf(NAME).without('ipset').without('tcpdump').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([
      { kind: 'ipset', namespace: 'cn-hongkong.10.0.0.140' },
    ]);
  });
});
