import { senderOf } from '../../path/walk-result.ts';
import { virtualHolding } from '../facts/address.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { askedService, frontValues } from '../facts/front.ts';
import { confidenceOfWorking } from '../facts/working.ts';

/** A load balancer's address on a port that its service has, asked from inside: the asking node's own IPVS serves it, no load balancer does. */
export const vipOnDummyServedPortOk: Cause = {
  id: 'vip-on-dummy-served-port-ok',
  group: 'A',
  layer: 'ipvs',
  control: true,
  needs: ['ip-addr', 'ipvsadm', 'conntrack'],
  references: ['kubernetes pkg/proxy/ipvs/proxier.go: syncService'],
  detect: (context) => {
    const confidence = confidenceOfWorking(context);
    const asked = askedService(context);
    if (!confidence || asked?.translation.by !== 'ipvs') return [];
    if (asked.kind !== 'load-balancer' && asked.kind !== 'external-ip') return [];
    const holding = virtualHolding(asked.namespace, asked.front.address);
    const startNode = context.network.namespaces.get(senderOf(context.flow.question) ?? '')?.node;
    // Somebody outside comes by the real load balancer: vip-external-client-ok.
    if (!holding || startNode !== asked.namespace.node) return [];
    return [
      foundAt(asked.translation.step, {
        confidence,
        values: { ...frontValues(asked), device: holding.device },
        evidence: [
          ...proofsOf(asked.translation.step, [asked.front.address, asked.translation.server]),
          ...decisiveLine(holding, [asked.front.address, holding.device]),
          ...symptomLines(context),
        ],
      }),
    ];
  },
};
