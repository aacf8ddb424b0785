import { knows } from '../../network/namespace.ts';
import { listenerFor } from '../../path/socket.ts';
import { virtualHolding } from '../facts/address.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { virtualService } from '../facts/service.ts';
import { shell } from '../facts/shell.ts';

const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::', '*']);

/**
 * A load balancer's address is the node's own, no virtual service takes the port, and a program of the node listens on it for all
 * addresses: the client is answered by the wrong program.
 */
export const vipOnDummyLocalListener: Cause = {
  id: 'vip-on-dummy-local-listener',
  group: 'A',
  layer: 'socket',
  control: false,
  worksWrongly: true,
  needs: ['ip-addr', 'ipvsadm', 'sockets'],
  references: ['net/ipv4/inet_hashtables.c: __inet_lookup_listener', 'kubernetes/kubernetes#72236'],
  versions: 'ipvs kube-proxy without KUBE-IPVS-FILTER',
  detect: (context) => {
    const { forward } = context.branch;
    const step = forward.steps.at(-1);
    const ns = step && context.network.namespaces.get(namespaceId(step));
    if (!step || !ns || ns.name !== '' || step.before.dst !== context.flow.question.dst) return [];
    if (step.action.code !== 'socket' && step.action.code !== 'socket-assumed') return [];
    const { dst, dport, proto } = step.before;
    const holding = virtualHolding(ns, dst);
    const served = ns.services.filter((s) => s.address === dst);
    // Only the address of a service is meant: a dummy that a program made for itself (a DNS cache) has its own listener rightly.
    if (!holding || dport === undefined || served.length === 0) return [];
    if (virtualService(ns, { proto, address: dst, port: dport })) return [];
    const values = {
      virtual: dst,
      port: dport,
      device: holding.device,
      servedPorts: served.map((s) => String(s.port ?? '')),
    };
    if (step.action.code === 'socket-assumed' && !knows(ns, 'sockets'))
      return context.evidence.seen === 'ok'
        ? [undecided([{ kind: 'sockets', namespace: ns.id }], { ...values, process: '', bound: '' })]
        : [];
    const listener = listenerFor(ns, step.before);
    if (!listener || (!ANY.has(listener.local) && listener.local !== dst)) return [];
    const { seen } = context.evidence;
    return [
      foundAt(step, {
        confidence: seen === 'ok' ? 'certain' : seen === 'unknown' ? 'likely' : 'possible',
        values: { ...values, process: listener.process ?? '', bound: listener.local },
        evidence: [
          ...decisiveLine(listener, [`:${dport}`]),
          ...decisiveLine(holding, [dst, holding.device]),
          ...served.slice(0, 3).flatMap((s) => decisiveLine(s, [`${s.address}:${s.port}`])),
          ...proofsOf(step),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'bind-node-address',
            commands: [commandIn(ns, shell`ss -lntup ${`sport = :${dport}`}`)],
            changes: [{ namespace: ns.id, op: 'delete', what: 'socket', source: listener.source }],
            values: { process: listener.process ?? '', port: dport },
          },
        ],
      }),
    ];
  },
};
