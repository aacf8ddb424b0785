import { knows } from '../../network/namespace.ts';
import { senderOf } from '../../path/walk-result.ts';
import { isLinkLocal } from '../../tables/address.ts';
import { virtualHolding } from '../facts/address.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, namespaceId, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';

const DNS = 53;

/**
 * The node-local DNS cache listens on a link-local address; in ipvs mode it cannot also take the cluster DNS's own, which is the proxy's.
 * Pods ask the link-local address, and on this node nobody listens on it.
 */
export const nodelocaldnsVipOnIpvs: Cause = {
  id: 'nodelocaldns-vip-on-ipvs',
  group: 'C',
  layer: 'service',
  control: false,
  needs: ['ip-addr', 'sockets', 'ipvsadm'],
  references: ['https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/'],
  explains: ['targetport-no-listener-rst', 'app-binds-loopback-only', 'podcidr-route-missing'],
  detect: (context) => {
    const { question } = context.flow;
    const ending = endingOf(context);
    if (!ending || question.dport !== DNS || !isLinkLocal(question.dst) || !isBroken(context)) return [];
    const startNs = context.network.namespaces.get(senderOf(question) ?? '');
    const host = startNs && context.network.namespaces.get(startNs.node);
    if (!host || host.services.length === 0) return [];
    const holding = virtualHolding(host, question.dst);
    const cluster = host.services.filter((s) => s.port === DNS);
    const values = {
      address: question.dst,
      clusterDns: cluster[0]?.address ?? '',
      held: holding !== undefined,
      device: holding?.device ?? '',
    };
    const reached = namespaceId(ending.step) === host.id;
    if (holding && !knows(host, 'sockets')) return [undecided([{ kind: 'sockets', namespace: host.id }], values)];
    if (holding && ending.step.action.code !== 'no-listener') return [];
    if (!holding && !knows(host, 'ip-addr')) return [undecided([{ kind: 'ip-addr', namespace: host.id }], values)];
    const step = reached
      ? ending.step
      : (context.branch.forward.steps.findLast((s) => namespaceId(s) === host.id) ?? ending.step);
    return [
      foundAt(step, {
        confidence: context.evidence.seen === 'unknown' ? 'possible' : 'likely',
        values,
        evidence: [
          ...(holding ? decisiveLine(holding, [question.dst]) : []),
          ...cluster.slice(0, 1).flatMap((s) => decisiveLine(s, [`${s.address}:${DNS}`])),
          ...proofsOf(ending.step),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'restart-cache',
            commands: [commandOn(host.node, shell`kubectl -n kube-system get pods -l k8s-app=node-local-dns -o wide`)],
            changes: [],
            values: { address: question.dst, clusterDns: values.clusterDns },
          },
        ],
      }),
    ];
  },
};
