import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'vip-on-dummy-served-port-ok';
const NAME = 'ack-clb-port-without-service';

describe(ID, () => {
  test('is said of the port that the service has, from node and pod', () => {
    for (const flow of [
      { src: '192.168.1.200', dst: '192.168.1.200', dport: 80, start: 'cn-hangzhou.192.168.1.12' },
      { src: '192.168.1.102', dst: '192.168.1.200', dport: 80, start: 'cn-hangzhou.192.168.1.12/pod2' },
    ]) {
      const judged = bundleOf(NAME).judge(flow);
      expect(judged.found).toEqual([]);
      expect(findingOf(judged, ID)).toMatchObject({
        confidence: 'certain',
        node: 'cn-hangzhou.192.168.1.12',
        values: { device: 'kube-ipvs0', server: '192.168.1.101' },
      });
      expect(unsaid(judged, ID)).toEqual([]);
    }
  });

  test('is not said of a port without a service, nor of a ClusterIP', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
    expect(
      findingOf(bundleOf('ok-ipvs-cross-node-flannel').judge(flowOf('ok-ipvs-cross-node-flannel')), ID),
    ).toBeUndefined();
  });
});
