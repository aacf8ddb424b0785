import { senderOf } from '../../path/walk-result.ts';
import { virtualHolding } from '../facts/address.ts';
import { symptomLines } from '../facts/confidence.ts';
import { proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { askedService, frontValues } from '../facts/front.ts';
import { confidenceOfWorking } from '../facts/working.ts';

/** A client that does not have the load balancer's address itself reaches the service through the network, as meant. */
export const vipExternalClientOk: Cause = {
  id: 'vip-external-client-ok',
  group: 'A',
  layer: 'load-balancer',
  control: true,
  needs: ['ip-addr', 'tcpdump', 'conntrack'],
  references: ['kubernetes pkg/proxy/ipvs/proxier.go: syncService'],
  detect: (context) => {
    const confidence = confidenceOfWorking(context);
    const { question } = context.flow;
    if (!confidence) return [];
    const client = context.network.namespaces.get(senderOf(question) ?? '');
    const host = client && context.network.namespaces.get(client.node);
    if (host && virtualHolding(host, question.dst)) return [];
    const holder = context.network.nodes.find(({ host: ns }) => virtualHolding(ns, question.dst) !== undefined);
    const asked = askedService(context);
    if (!holder) return [];
    const first = context.branch.forward.steps[0];
    if (!asked && first && context.branch.forward.end.reason === 'outside')
      return [
        foundAt(first, {
          confidence,
          values: {
            virtual: question.dst,
            port: question.dport ?? 0,
            server: '',
            serverPort: 0,
            client: question.src,
            seenAs: '',
            kind: 'load-balancer',
            service: '',
            set: '',
          },
          evidence: [...proofsOf(first), ...symptomLines(context)],
        }),
      ];
    if (!asked || asked.front.address !== question.dst || asked.kind === 'cluster-ip') return [];
    return [
      foundAt(asked.translation.step, {
        confidence,
        values: frontValues(asked),
        evidence: [...proofsOf(asked.translation.step, [question.dst]), ...symptomLines(context)],
      }),
    ];
  },
};
