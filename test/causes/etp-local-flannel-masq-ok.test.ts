import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'etp-local-flannel-masq-ok';
const NAME = 'ack-local-124-slb-from-no-endpoint-node-flannel';

describe(ID, () => {
  test("is said where the pod network's rule masquerades a Local service", () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found).toEqual([]);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'cn-hongkong.10.0.4.176',
      values: { seenAs: '10.0.4.176' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("kube-proxy's own masquerade is another pattern, and without any the flow fails", () => {
    expect(
      findingOf(bundleOf('ack-cluster-nodeport-external').judge(flowOf('ack-cluster-nodeport-external')), ID),
    ).toBeUndefined();
    const broken = bundleOf(NAME)
      .without('tcpdump')
      .without('conntrack')
      .withoutFile('nf_conntrack.txt')
      .edited('cn-hongkong.10.0.4.176/iptables-save.txt', /^.*-A POSTROUTING ! -s .*-j MASQUERADE.*\n/gm, '')
      .judge(flowOf(NAME));
    expect(findingOf(broken, ID)).toBeUndefined();
    expect(broken.found[0]?.id).toBe('etp-local-hostnet-to-vip-src-is-vip');
  });
});
