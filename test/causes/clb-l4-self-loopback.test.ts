import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster, serviceYaml, waiting } from './services.ts';

const ID = 'clb-l4-self-loopback';
const FLOW = { proto: 'tcp', src: '10.6.6.11', sport: 40001, dst: '198.51.100.50', dport: 80, start: 'fn-1' };
const packet = (time: string, direction: string, dst: string) =>
  `2026-11-20 16:29:${time} eth0  ${direction} IP 10.6.6.11.40001 > ${dst}: Flags [S], seq 77, win 64240, length 0\n`;
const looped = () =>
  waiting(quietCluster(), FLOW).withFile(
    'fn-1/tcpdump/any.txt',
    packet('01.000000', 'Out', '198.51.100.50.80') +
      packet('01.000400', 'In ', '10.6.6.11.31800') +
      packet('02.000000', 'Out', '198.51.100.50.80'),
  );

describe(ID, () => {
  test("holds where the node's own SYN comes back", () => {
    const judged = looped().judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { returned: 1, balancer: '198.51.100.50' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a load balancer that does not answer is no case of it', () => {
    const judged = waiting(quietCluster(), FLOW)
      .withFile(
        'fn-1/tcpdump/any.txt',
        packet('01.000000', 'Out', '198.51.100.50.80') + packet('02.000000', 'Out', '198.51.100.50.80'),
      )
      .judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('an address that the node keeps itself never leaves it', () => {
    expect(
      findingOf(bundleOf('ack-clb-port-without-service').judge(flowOf('ack-clb-port-without-service')), ID),
    ).toBeUndefined();
  });

  test('without packets it is undecided, where the service is one of this cluster', () => {
    const judged = waiting(quietCluster(), FLOW)
      .withFile(
        'fn-1/kubectl.yaml',
        serviceYaml({
          name: 'web',
          type: 'LoadBalancer',
          clusterIP: '10.161.9.9',
          ports: [{ port: 80, targetPort: 8080 }],
          status: ['loadBalancer:', '  ingress:', '  - hostname: web.example.com'],
        }),
      )
      .judge(FLOW);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'tcpdump', namespace: 'fn-1' }]);
  });
});
