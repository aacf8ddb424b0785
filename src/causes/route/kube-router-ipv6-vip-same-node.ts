import { senderOf } from '../../path/walk-result.ts';
import { virtualHolding } from '../facts/address.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAtEnd } from '../facts/found.ts';
import { ipvsEntry } from '../facts/ipvs-connections.ts';
import { shell } from '../facts/shell.ts';

/** An IPv6 service address of kube-router that the node which holds it cannot reach itself, while others can. */
export const kubeRouterIpv6VipSameNode: Cause = {
  id: 'kube-router-ipv6-vip-same-node',
  group: 'C',
  layer: 'route',
  control: false,
  needs: ['ip-addr', 'ip-route', 'ipvsadm'],
  references: ['cloudnativelabs/kube-router#1698'],
  detect: (context) => {
    const { question } = context.flow;
    const ending = endingOf(context);
    if (!question.dst.includes(':') || !ending || !isBroken(context)) return [];
    const start = context.network.namespaces.get(senderOf(question) ?? '');
    if (start?.name !== '') return [];
    const holding = virtualHolding(start, question.dst);
    const entry = ipvsEntry(context);
    const router =
      [...start.sets.keys()].some((name) => name.includes('kube-router')) || start.links.has('kube-dummy-if');
    if (!holding || entry?.namespace !== start || !router || context.evidence.seen === 'refused') return [];
    const found = foundAtEnd(context, {
      confidence: 'possible',
      values: {
        virtual: question.dst,
        port: question.dport ?? 0,
        device: holding.device,
        source: context.branch.forward.steps[0]?.before.src ?? '',
      },
      evidence: [
        ...decisiveLine(holding, [question.dst, holding.device]),
        ...decisiveLine(entry.service),
        ...proofsOf(ending.step),
        ...symptomLines(context),
      ],
      fixes: [
        {
          id: 'ask-cluster-ip',
          commands: [commandOn(start.node, shell`ip -6 route get ${question.dst}`)],
          changes: [],
          values: { virtual: question.dst },
        },
      ],
    });
    return found ? [found] : [];
  },
};
