import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, podYaml, quietCluster, waiting } from './services.ts';

const ID = 'cilium-kpr-and-kube-proxy';
const DEVICE =
  '20: cilium_host@cilium_net: <BROADCAST,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000\n    link/ether 02:00:00:00:00:09 brd ff:ff:ff:ff:ff:ff\n    inet 10.160.0.200/32 scope global cilium_host\n       valid_lft forever preferred_lft forever\n';
const both = () => waiting(quietCluster().appended('fn-1/ip_addr.txt', DEVICE));

describe(ID, () => {
  test('is a possibility where the tables say that it works and it does not', () => {
    const judged = both().judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'possible',
      node: 'fn-1',
      values: { device: 'cilium_host', agent: '' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is likely where both agents run', () => {
    const judged = both()
      .withFile(
        'fn-1/kubectl.yaml',
        podYaml('cilium-x7k2p', 'fn-1', '10.6.6.11', 'Running', 'kube-system') +
          podYaml('kube-proxy-q8z4r', 'fn-1', '10.6.6.11', 'Running', 'kube-system'),
      )
      .judge(ASKED);
    expect(findingOf(judged, ID)?.confidence).toBe('likely');
  });

  test('without Cilium, or where the flow works, there is nothing to say', () => {
    expect(findingOf(waiting(quietCluster()).judge(ASKED), ID)).toBeUndefined();
    const working = bundleOf('ok-ipvs-cross-node-flannel').appended('fn-1/ip_addr.txt', DEVICE);
    expect(findingOf(working.judge(flowOf('ok-ipvs-cross-node-flannel')), ID)).toBeUndefined();
  });
});
