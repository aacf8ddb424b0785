import { knows } from '../../network/namespace.ts';
import { virtualHolding } from '../facts/address.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { hostPortTranslation } from '../facts/host-port.ts';
import { ruleAt } from '../facts/rules.ts';
import { kubeFront, serviceName, virtualService } from '../facts/service.ts';
import { shell } from '../facts/shell.ts';

/**
 * A hostPort's rule takes everything for a local address on its port. In ipvs mode the addresses of services are local, so a pod with
 * hostPort 443 gets the traffic of every service on port 443.
 */
export const hostportStealsVipPort: Cause = {
  id: 'hostport-steals-vip-port',
  group: 'C',
  layer: 'nat',
  control: false,
  worksWrongly: true,
  needs: ['iptables-save', 'ipvsadm', 'ip-addr'],
  references: ['kubernetes/kubernetes#61938', 'kubernetes/kubernetes#62718', 'containernetworking/plugins portmap'],
  explains: [
    'targetport-no-listener-rst',
    'app-binds-loopback-only',
    'hostport-stale-dnat',
    'stale-backend-in-dataplane',
  ],
  detect: (context) => {
    const t = hostPortTranslation(context);
    if (!t) return [];
    const { namespace: ns } = t;
    const holding = virtualHolding(ns, t.virtual);
    const front = { proto: t.step.before.proto, address: t.virtual, port: t.port };
    if (!holding) return [];
    const kube = kubeFront(context.network, front, false);
    const values = {
      virtual: t.virtual,
      port: t.port,
      server: t.server,
      serverPort: t.serverPort,
      device: holding.device,
      service: serviceName(kube),
      right: '',
    };
    if (!knows(ns, 'ipvsadm')) return kube ? [] : [undecided([{ kind: 'ipvsadm', namespace: ns.id }], values)];
    const service = virtualService(ns, front);
    if (!service) return [];
    const right = service.servers[0];
    if (service.servers.some((s) => s.address === t.server && s.port === t.serverPort)) return [];
    const rule = t.step.proofs.map((p) => ruleAt(ns, p.source)).find((r) => r?.rule.target?.name === 'DNAT');
    return [
      foundAt(t.step, {
        confidence: 'certain',
        values: { ...values, right: right ? `${right.address}:${right.port}` : '' },
        evidence: [
          ...proofsOf(t.step, ['DNAT', t.server]),
          ...decisiveLine(service, [`${t.virtual}:${t.port}`]),
          ...service.servers.slice(0, 2).flatMap((s) => decisiveLine(s)),
          ...decisiveLine(holding, [t.virtual, holding.device]),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'other-host-port',
            commands: [
              commandOn(ns.node, shell`kubectl get pods -A -o wide --field-selector status.podIP=${t.server}`),
            ],
            changes: rule ? [{ namespace: ns.id, op: 'delete', what: 'iptables-rule', source: rule.rule.source }] : [],
            values: { server: t.server, port: t.port },
          },
        ],
      }),
    ];
  },
};
