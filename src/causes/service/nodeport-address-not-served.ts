import { knows, type NetNamespace } from '../../network/namespace.ts';
import { isLoopback } from '../../tables/address.ts';
import { realHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { nodePortProof, siblings } from '../facts/node-ports.ts';
import { rulesCaptured } from '../facts/rules.ts';
import { virtualService } from '../facts/service.ts';
import { shell } from '../facts/shell.ts';
import { isIpvsUnlisted } from '../facts/unlisted-services.ts';

/**
 * The port is a node port, but not on this address of the node: it is left out by `nodePortAddresses`, not primary, or was added after the
 * proxy listed the addresses.
 */
export const nodeportAddressNotServed: Cause = {
  id: 'nodeport-address-not-served',
  group: 'C',
  layer: 'service',
  control: false,
  needs: ['ipvsadm', 'iptables-save', 'nft-ruleset', 'ip-addr', 'sockets'],
  references: [
    'kubernetes pkg/proxy/util/nodeport_addresses.go',
    'https://kubernetes.io/docs/reference/networking/virtual-ips/',
  ],
  explains: ['targetport-no-listener-rst'],
  detect: (context) => {
    const ending = endingOf(context);
    if (!ending || context.evidence.seen === 'ok' || ending.leg.direction !== 'forward') return [];
    const { step, namespace: ns } = ending;
    const { dst, dport, proto, family } = step.before;
    const isUnserved = step.action.code === 'no-listener' || isIpvsUnlisted(step);
    if (!isUnserved || dport === undefined || dst !== context.flow.question.dst) return [];
    const own = realHolding(ns, dst);
    if (!own || isLoopback(dst) || ns.name !== '') return [];
    const others = siblings(ns, proto, dport, dst);
    const proof = nodePortProof(context.network, ns, proto, dport, family);
    const values = {
      address: dst,
      port: dport,
      device: own.device,
      served: others.map((s) => s.address ?? ''),
      mode: ns.services.length > 0 ? 'ipvs' : 'netfilter',
    };
    if (!proof && others.length === 0) return [];
    // An empty IPVS table leaves it to rules, which were not captured.
    if (ns.services.length === 0 && !rulesCaptured(ns)) {
      const missing = knows(ns, 'ipvsadm') ? (['iptables-save'] as const) : (['ipvsadm', 'iptables-save'] as const);
      return [
        undecided(
          missing.map((kind) => ({ kind, namespace: ns.id })),
          values,
        ),
      ];
    }
    // kube-proxy's sets and its device tell that IPVS serves here; which addresses it serves only its own listing tells.
    if (!knows(ns, 'ipvsadm') && isIpvsMode(ns)) return [undecided([{ kind: 'ipvsadm', namespace: ns.id }], values)];
    const served = virtualService(ns, { proto, address: dst, port: dport });
    if (served) return [{ kind: 'ruled-out', because: 'address-served', values, evidence: decisiveLine(served) }];
    const template = others[0];
    return [
      foundAt(step, {
        confidence: confidenceOfEnd(context),
        values,
        evidence: [
          ...(proof ? [{ source: proof, role: 'decisive' as const }] : []),
          ...others.slice(0, 3).flatMap((s) => decisiveLine(s, [`${s.address}:${s.port}`])),
          ...decisiveLine(own, [dst]),
          ...proofsOf(step),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'serve-address',
            commands: [
              commandOn(
                ns.node,
                shell`kubectl -n kube-system get configmap kube-proxy -o yaml | grep -A3 nodePortAddresses`,
              ),
            ],
            changes: template
              ? [
                  {
                    namespace: ns.id,
                    op: 'add',
                    what: 'virtual-service',
                    record: (({ source: _, ...record }) => ({ ...record, address: dst }))(template),
                  },
                ]
              : [],
            values: { address: dst },
          },
        ],
      }),
    ];
  },
};

const isIpvsMode = (ns: NetNamespace): boolean => ns.links.has('kube-ipvs0') || ns.sets.has('KUBE-CLUSTER-IP');
