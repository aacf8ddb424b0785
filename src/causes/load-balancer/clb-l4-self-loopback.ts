import { counter } from '../../network/namespace.ts';
import { senderOf } from '../../path/walk-result.ts';
import type { PacketView } from '../../records/packet.ts';
import { realHolding, virtualHolding } from '../facts/address.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';

/**
 * A layer 4 load balancer keeps the client's address. A node that asks it and is itself one of its servers gets its own SYN back, under its
 * own address: a martian, or an answer that never passes the load balancer.
 */
export const clbL4SelfLoopback: Cause = {
  id: 'clb-l4-self-loopback',
  group: 'A',
  layer: 'load-balancer',
  control: false,
  needs: ['tcpdump', 'ip-addr', 'rt-cache'],
  references: ['net/ipv4/fib_frontend.c: __fib_validate_source', 'https://www.alibabacloud.com/help/en/slb'],
  explains: ['martian-source-is-local-vip'],
  detect: (context) => {
    const { question } = context.flow;
    const { seen } = context.evidence;
    const client = context.network.namespaces.get(senderOf(question) ?? '');
    if (client?.name !== '' || question.proto !== 'tcp' || question.dport === undefined) return [];
    const own = realHolding(client, question.src);
    if (!own || seen === 'ok' || virtualHolding(client, question.dst)) return [];
    const back = comesBack(context);
    if (back.length === 0 && context.branch.forward.end.reason !== 'outside') return [];
    const port = question.dport;
    const isService = context.network.kube.services.some(
      (s) =>
        s.loadBalancerIPs.includes(question.dst) ||
        (s.loadBalancerHostnames.length > 0 && s.ports.some((p) => p.port === port)),
    );
    const martian = counter(client, 'in_martian_src');
    const values = {
      balancer: question.dst,
      port,
      client: question.src,
      device: own.device,
      returned: back.length,
      counter: martian?.value ?? 0,
    };
    if (back.length === 0) {
      if (!isService || seen === 'unknown' || client.packets.length > 0) return [];
      return [undecided([{ kind: 'tcpdump', namespace: client.id }], values)];
    }
    return [
      {
        kind: 'found',
        confidence: seen === 'unknown' ? 'likely' : 'certain',
        node: client.node,
        namespace: client.name,
        at: 'routing',
        values,
        evidence: [
          ...back.slice(0, 3).flatMap((view) => decisiveLine(view, [question.src, 'S'])),
          ...decisiveLine(own, [question.src, own.device]),
          ...(martian && martian.value > 0 ? supportingLine(martian, ['in_martian_src']) : []),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'use-cluster-ip',
            commands: [commandOn(client.node, shell`kubectl get services -A -o wide`)],
            changes: [],
            values: { balancer: question.dst },
          },
        ],
      },
    ];
  },
};

/** SYNs that arrive from outside under the client's own address: the load balancer gave them back to their sender. */
const comesBack = (context: CauseContext): readonly PacketView[] => {
  const { question } = context.flow;
  const client = context.network.namespaces.get(senderOf(question) ?? '');
  return (client?.packets ?? []).flatMap((table) =>
    table
      .synRows()
      .slice(0, 20_000)
      .map((row) => table.packet(row))
      .filter(
        (view) =>
          view.direction === 'in' &&
          view.device !== 'lo' &&
          view.tcpFlags === 'S' &&
          view.src === question.src &&
          view.dst !== question.dst &&
          (question.sport === undefined || view.sport === question.sport),
      ),
  );
};
