import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'etp-local-hostnet-to-vip-src-is-vip';
const NAME = 'ack-local-124-slb-from-no-endpoint-node-terway';

describe(ID, () => {
  test("holds where the endpoint's node takes the source for its own", () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      values: {
        virtual: '47.243.247.219',
        sender: 'cn-hongkong.10.0.4.141',
        device: 'kube-ipvs0',
        end: 'martian-source',
      },
      fixes: [{ id: 'policy-cluster', provenByWalk: true }],
    });
    expect(['cn-hongkong.10.0.2.77', 'cn-hongkong.10.0.0.171']).toContain(judged.found[0]?.node);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('with accept_local the answer is swallowed instead', () => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .edited('sysctl_-a.txt', /net\.ipv4\.conf\.all\.accept_local = 0/, 'net.ipv4.conf.all.accept_local = 1')
      .judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({ id: ID });
    expect(judged.found[0]?.values.end).not.toBe('martian-source');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a pod of the same node is no case of it', () => {
    const judged = bundleOf(NAME).judge({
      src: '10.0.4.142',
      dst: '47.243.247.219',
      dport: 80,
      start: 'cn-hongkong.10.0.4.141/client',
    });
    expect(judged.found).toEqual([]);
  });

  test("flannel's masquerade keeps it away", () => {
    const name = 'ack-local-124-slb-from-no-endpoint-node-flannel';
    expect(findingOf(bundleOf(name).judge(flowOf(name)), ID)).toBeUndefined();
  });

  test('without the sets it is possible where the packet is taken for a martian, and they would decide', () => {
    const judged = bundleOf(NAME).without('ipset').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'possible', values: { untold: true } });
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([
      { kind: 'ipset', namespace: 'cn-hongkong.10.0.4.141' },
    ]);
  });
});
