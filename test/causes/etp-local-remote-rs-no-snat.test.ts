import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'etp-local-remote-rs-no-snat';
const NAME = 'ack-local-124-nodeport-external-terway';

describe(ID, () => {
  test('holds at the client, which resets the answer of a stranger', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'client-10.0.3.72',
      values: { via: 'cn-hongkong.10.0.5.168', client: '10.0.3.72', port: 30745 },
      fixes: [{ id: 'policy-cluster', provenByWalk: false }],
    });
    expect(judged.found[0]?.consequences.map((f) => f.id)).toContain('return-path-bypasses-nat');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for another node of the cluster, whose own request comes back to it', () => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .without('conntrack')
      .edited('cn-hongkong.10.0.5.168/ipvsadm_-Ln.txt', / {2}-> 10\.0\.0\.172:80.*\n/g, '')
      .edited('cn-hongkong.10.0.5.168/ipvsadm_-Ln_--stats.txt', / {2}-> 10\.0\.0\.172:80.*\n/g, '')
      .judge({ src: '10.0.2.77', sport: 40001, dst: '10.0.5.168', dport: 30745, start: 'cn-hongkong.10.0.2.77' });
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'likely',
      node: 'cn-hongkong.10.0.2.77',
      values: { end: 'martian-source' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a client outside of the bundle: between the server and it', () => {
    const judged = bundleOf(NAME)
      .withoutNode('client-10.0.3.72')
      .judge({ src: '10.0.3.72', sport: 41001, dst: '10.0.5.168', dport: 30745 });
    expect(judged.found[0]).toMatchObject({ id: ID, node: null, between: ['cn-hongkong.10.0.2.77', '10.0.3.72'] });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test.each([
    'ack-cluster-nodeport-external',
    'ack-local-124-slb-from-no-endpoint-node-flannel',
    'ack-local-124-slb-from-no-endpoint-node-terway',
  ])('%s is no case of it', (name) => {
    expect(findingOf(bundleOf(name).judge(flowOf(name)), ID)).toBeUndefined();
  });

  test('a node with a local endpoint is no case of it', () => {
    const judged = bundleOf(NAME).judge({
      src: '10.0.3.72',
      dst: '10.0.2.77',
      dport: 30745,
      start: 'client-10.0.3.72',
    });
    expect(judged.found).toEqual([]);
  });

  test('without the sets it is undecided', () => {
    const judged = bundleOf(NAME).without('ipset').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([
      { kind: 'ipset', namespace: 'cn-hongkong.10.0.5.168' },
    ]);
  });
});
