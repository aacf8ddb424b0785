import { knows } from '../../network/namespace.ts';
import { realHolding, realOwners, virtualHolding } from '../facts/address.ts';
import { confidenceOfEnd, isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { kubeFront, serviceName } from '../facts/service.ts';
import { shell } from '../facts/shell.ts';

/**
 * A service has another node's own address as external or load balancer address. The proxy binds it to every node, so whatever a node sends
 * to that other node stays at home.
 */
export const externalipEqualsNodeIp: Cause = {
  id: 'externalip-equals-node-ip',
  group: 'B',
  layer: 'ipvs',
  control: false,
  needs: ['ip-addr', 'ipvsadm', 'kubectl'],
  references: ['kubernetes pkg/proxy/ipvs/proxier.go: syncService', 'kubernetes/kubernetes#72236'],
  explains: [
    'vip-on-dummy-unserved-port',
    'vip-on-dummy-local-listener',
    'svc-no-endpoints',
    'targetport-no-listener-rst',
    'martian-source-is-local-vip',
  ],
  detect: (context) => {
    if (!isBroken(context)) return [];
    for (const leg of [context.branch.forward, ...(context.branch.reply ? [context.branch.reply] : [])]) {
      const local = leg.steps.find((s) => s.action.code === 'local');
      const ns = local && context.network.namespaces.get(namespaceId(local));
      if (!local || !ns || ns.name !== '') continue;
      const address = local.before.dst;
      const holding = virtualHolding(ns, address);
      if (!holding || realHolding(ns, address)) continue;
      const owner = realOwners(context.network, address).find((o) => o.node !== ns.node && o.name === '');
      const node = context.network.kube.nodes.find((n) => n.addresses.some((a) => a.address === address));
      if (!owner && !node) continue;
      const kube = kubeFront(
        context.network,
        { proto: local.before.proto, address, port: local.before.dport ?? 0 },
        false,
      );
      const owned = owner && realHolding(owner, address);
      const values = {
        address,
        device: holding.device,
        owner: owner?.node ?? node?.name ?? '',
        ownerDevice: owned?.device ?? '',
        service: serviceName(kube),
      };
      if (!knows(ns, 'ip-addr')) return [undecided([{ kind: 'ip-addr', namespace: ns.id }], values)];
      return [
        foundAt(local, {
          confidence: confidenceOfEnd(context),
          values,
          evidence: [
            ...decisiveLine(holding, [address, holding.device]),
            ...(owned ? decisiveLine(owned, [address, owned.device]) : decisiveLine(node, [address])),
            ...proofsOf(local, [address]),
            ...(kube ? decisiveLine(kube.service) : []),
            ...symptomLines(context),
          ],
          fixes: [
            {
              id: 'remove-address',
              commands: [
                commandIn(
                  ns,
                  shell`ip address del ${address}/${address.includes(':') ? 128 : 32} dev ${holding.device}`,
                ),
              ],
              changes: [{ namespace: ns.id, op: 'delete', what: 'address', device: holding.device, address }],
              values: { address, device: holding.device },
            },
          ],
        }),
      ];
    }
    return [];
  },
};
