import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { quietCluster, serviceYaml } from './services.ts';

const ID = 'lb-hostname-placeholder-bypass';
const FLOW = { proto: 'tcp', src: '10.6.6.11', sport: 40001, dst: '198.51.100.50', dport: 80, start: 'fn-1' };
const yaml = (status: readonly string[]) =>
  serviceYaml({
    name: 'web',
    type: 'LoadBalancer',
    clusterIP: '10.161.9.9',
    ports: [{ port: 80, targetPort: 8080 }],
    annotations: { 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-hostname': '198.51.100.50.nip.example' },
    status: ['loadBalancer:', '  ingress:', ...status],
  });

describe(ID, () => {
  test('is said where the status has a hostname and the node sends the packet out', () => {
    const judged = quietCluster()
      .withFile('fn-1/kubectl.yaml', yaml(['  - hostname: 198.51.100.50.nip.example']))
      .judge(FLOW);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      node: 'fn-1',
      values: { service: 'shop/web' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is not said where the status has the address', () => {
    const judged = quietCluster()
      .withFile('fn-1/kubectl.yaml', yaml(['  - ip: 198.51.100.50']))
      .judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('is not said without the service object', () => {
    expect(findingOf(quietCluster().judge(FLOW), ID)).toBeUndefined();
  });
});
