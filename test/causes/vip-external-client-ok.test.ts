import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'vip-external-client-ok';

describe(ID, () => {
  test('is said of a client that comes by the network', () => {
    const judged = bundleOf('kube-router-svip-healthy').judge(flowOf('kube-router-svip-healthy'));
    expect(judged.found).toEqual([]);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'worker-1',
      values: { client: '198.51.100.7' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is said where the load balancer itself is not in the bundle', () => {
    const judged = bundleOf('ack-clb-port-without-service').judge({
      src: '192.168.3.100',
      dst: '192.168.1.200',
      dport: 443,
      start: 'ecs-192.168.3.100',
    });
    expect(judged.flow.evidence.seen).toBe('ok');
    expect(findingOf(judged, ID)?.values.server).toBe('');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is not said of a client that has the address itself', () => {
    const judged = bundleOf('ack-clb-port-without-service').judge({
      src: '192.168.1.200',
      dst: '192.168.1.200',
      dport: 80,
      start: 'cn-hangzhou.192.168.1.12',
    });
    expect(findingOf(judged, ID)).toBeUndefined();
  });
});
