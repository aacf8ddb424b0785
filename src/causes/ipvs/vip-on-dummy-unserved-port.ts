import { knows, type NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain } from '../../path/netfilter/owner.ts';
import type { Step } from '../../path/step.ts';
import { senderOf } from '../../path/walk-result.ts';
import { type Holding, virtualHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { editService } from '../facts/kube-command.ts';
import { isRuleEnd } from '../facts/rules.ts';
import { type Front, sameServiceElsewhere, virtualService } from '../facts/service.ts';
import { isIpvsUnlisted } from '../facts/unlisted-services.ts';

/** Chains by which a proxy refuses what comes for its virtual addresses on a port of no service. */
const GUARD = /^(KUBE-IPVS-FILTER|KUBE-6-IPVS-FILTER|KUBE-ROUTER-SERVICES)$/;

/**
 * The service proxy keeps a load balancer's address on a dummy device of every node, so the address is the node's own: traffic for it
 * never leaves to the real load balancer. A port that the Service does not declare has no virtual service, and the node itself refuses it.
 */
export const vipOnDummyUnservedPort: Cause = {
  id: 'vip-on-dummy-unserved-port',
  group: 'A',
  layer: 'ipvs',
  control: false,
  needs: ['ip-addr', 'ipvsadm', 'sockets', 'iptables-save'],
  references: [
    'net/ipv4/tcp_ipv4.c: tcp_v4_send_reset',
    'kubernetes/kubernetes#72236',
    'kubernetes/kubernetes#108460',
    'metallb/metallb#153',
  ],
  versions: 'every ipvs kube-proxy that binds load balancer addresses',
  explains: ['targetport-no-listener-rst', 'app-binds-loopback-only'],
  detect: (context) => {
    const step = context.branch.forward.steps.at(-1);
    const ns = step && context.network.namespaces.get(namespaceId(step));
    if (!step || ns?.name !== '' || context.evidence.seen === 'ok') return [];
    const holding = virtualHolding(ns, step.before.dst);
    const port = step.before.dport;
    if (!holding || port === undefined || step.before.dst !== context.flow.question.dst) return [];
    return verdict(context, step, ns, holding, port);
  },
};

const verdict = (
  context: CauseContext,
  step: Step,
  ns: NetNamespace,
  holding: Holding,
  port: number,
): readonly Verdict[] => {
  const front = { proto: step.before.proto, address: step.before.dst, port };
  const served = ns.services.filter((s) => s.address === front.address);
  const values = {
    virtual: front.address,
    port,
    device: holding.device,
    servedPorts: served.map((s) => String(s.port ?? '')),
    by: guardOf(step),
    elsewhere: sameServiceElsewhere(context.network, ns, front).length > 0,
  };
  const resets = step.action.code === 'socket-assumed' ? ownResets(context, ns, front) : [];
  const refused = step.action.code === 'no-listener' || isIpvsUnlisted(step) || values.by !== '';
  if (!refused && resets.length === 0) {
    if (step.action.code === 'socket-assumed' && context.evidence.seen !== 'unknown' && served.length > 0)
      return [undecided([{ kind: 'sockets', namespace: ns.id }], values)];
    return [];
  }
  if (!knows(ns, 'ipvsadm')) return [undecided([{ kind: 'ipvsadm', namespace: ns.id }], values)];
  const exact = virtualService(ns, front);
  if (exact)
    return [
      {
        kind: 'ruled-out',
        because: 'port-served',
        values,
        evidence: decisiveLine(exact, [`${front.address}:${port}`]),
      },
    ];
  // An address of a service has other ports, or is known as one; a dummy of some other program is not this.
  const sets = [...ns.sets.values()].flatMap((set) => set.members.filter((m) => m.parts[0] === front.address));
  const isService = served.length > 0 || sets.length > 0 || values.by !== '' || holding.device.startsWith('kube-');
  if (!isService) return [];
  return [
    foundAt(step, {
      // An outsider's packet was brought here on purpose; that a port which nobody declared is refused is no fault by itself.
      confidence:
        senderOf(context.flow.question)?.split('/')[0] !== ns.node
          ? 'possible'
          : refused
            ? confidenceOfEnd(context)
            : weaker('likely', confidenceOfEnd(context)),
      values,
      evidence: [
        ...decisiveLine(holding, [front.address, holding.device]),
        ...served.slice(0, 3).flatMap((s) => decisiveLine(s, [`${s.address}:${s.port}`])),
        ...(served.length === 0 ? listing(ns) : []),
        ...resets.slice(0, 1),
        ...proofsOf(step),
        ...symptomLines(context),
      ],
      fixes: [
        {
          id: 'declare-port',
          commands: editService(context.network, ns.node, front.address),
          changes: [],
          values: { virtual: front.address, port },
        },
        {
          id: 'keep-address-off-nodes',
          commands: [],
          changes: [
            { namespace: ns.id, op: 'delete', what: 'address', device: holding.device, address: front.address },
          ],
          values: { virtual: front.address, device: holding.device },
        },
      ],
    }),
  ];
};

/** Nobody listed the sockets, and the node itself was seen to reset its own request, on loopback: nothing listens. */
const ownResets = (context: CauseContext, ns: NetNamespace, front: Front): readonly EvidenceLine[] =>
  context.evidence.seen === 'refused'
    ? context.evidence.packets
        .filter(
          (p) =>
            p.namespace === ns.id &&
            p.view.device === 'lo' &&
            p.layer?.src === front.address &&
            p.layer.sport === front.port &&
            p.layer.tcpFlags?.includes('R'),
        )
        .flatMap((p) => decisiveLine(p.view, ['[R.]', '[R]']))
    : [];

const listing = (ns: NetNamespace): readonly EvidenceLine[] =>
  (ns.captureSources.get('ipvsadm') ?? []).slice(0, 1).map((source) => ({ source, role: 'decisive' as const }));

/** Who refuses: a proxy's rule; '' where the packet reaches the node's own sockets. */
const guardOf = (step: Step): string => {
  if (!isRuleEnd(step)) return '';
  const chain = textOf(step, 'chain');
  if (GUARD.test(chain)) return chain;
  const comment = textOf(step, 'comment');
  return /unexpected traffic to service/.test(comment) && ownerOfChain(chain, comment) === 'kube-router' ? chain : '';
};
