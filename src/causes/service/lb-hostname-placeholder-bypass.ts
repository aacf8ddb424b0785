import { senderOf } from '../../path/walk-result.ts';
import { virtualHolding } from '../facts/address.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';

/** Annotations by which a cloud controller writes a hostname instead of the address into the service's status. */
const HOSTNAME_ANNOTATION = /loadbalancer-hostname|load-balancer-hostname|lb-hostname/;

/**
 * The service's status names its load balancer by a hostname, so kube-proxy does not bind the address to the nodes: traffic from inside
 * goes out to the real load balancer.
 */
export const lbHostnamePlaceholderBypass: Cause = {
  id: 'lb-hostname-placeholder-bypass',
  group: 'A',
  layer: 'service',
  control: true,
  needs: ['kubectl', 'ip-addr'],
  references: [
    'https://www.alibabacloud.com/help/en/ack: add annotations to the YAML file of a Service',
    'kubernetes pkg/proxy/util: ipMode',
  ],
  detect: (context) => {
    const { question } = context.flow;
    const first = context.branch.forward.steps.find((s) => s.place === 'routing');
    const client = context.network.namespaces.get(senderOf(question) ?? '');
    const host = client && context.network.namespaces.get(client.node);
    if (!first || !host || first.action.code === 'local' || virtualHolding(host, question.dst)) return [];
    if (context.branch.forward.end.reason !== 'outside' && context.evidence.seen !== 'ok') return [];
    const service = context.network.kube.services.find(
      (s) =>
        s.loadBalancerHostnames.length > 0 &&
        !s.loadBalancerIPs.includes(question.dst) &&
        !s.clusterIPs.includes(question.dst) &&
        s.ports.some((p) => p.port === question.dport && p.protocol.toLowerCase() === question.proto),
    );
    if (!service) return [];
    const annotation = [...service.annotations].find(([name]) => HOSTNAME_ANNOTATION.test(name));
    const named = service.loadBalancerHostnames.some((name) => name.includes(question.dst));
    return [
      foundAt(first, {
        confidence: annotation || named ? 'likely' : 'possible',
        values: {
          address: question.dst,
          port: question.dport ?? 0,
          service: `${service.namespace}/${service.name}`,
          hostname: service.loadBalancerHostnames[0] ?? '',
          annotation: annotation?.[0] ?? '',
        },
        evidence: [...decisiveLine(service, service.loadBalancerHostnames), ...first.proofs],
      }),
    ];
  },
};
