import { knows, sysctl } from '../../network/namespace.ts';
import { isLoopback } from '../../tables/address.ts';
import { realHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf, supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { nodePortProof, siblings } from '../facts/node-ports.ts';
import { shell } from '../facts/shell.ts';
import { translationsOf } from '../facts/translation.ts';

/**
 * A node port asked on the loopback address. IPVS refuses to send a loopback source to another host, nftables does not serve the address,
 * and iptables needs route_localnet.
 */
export const nodeportOnLoopback: Cause = {
  id: 'nodeport-on-loopback',
  group: 'B',
  layer: 'nat',
  control: false,
  needs: ['ipvsadm', 'iptables-save', 'nft-ruleset', 'sysctl'],
  references: [
    'net/netfilter/ipvs/ip_vs_xmit.c: crosses_local_route_boundary',
    'kubernetes/kubernetes#67730',
    'kubernetes/kubernetes#96879',
    'kubernetes/kubernetes#90259',
  ],
  explains: [
    'targetport-no-listener-rst',
    'nodeport-address-not-served',
    'app-binds-loopback-only',
    'svc-no-endpoints',
  ],
  detect: (context) => {
    const { question } = context.flow;
    const ending = endingOf(context);
    if (!ending || !isLoopback(question.dst) || question.dport === undefined || context.evidence.seen === 'ok')
      return [];
    if (context.branch.outcome === 'delivered' && context.evidence.seen === 'unknown') return [];
    const { step, namespace: ns } = ending;
    const host = context.network.namespaces.get(ns.node) ?? ns;
    const family = question.dst.includes(':') ? 6 : 4;
    const proof = nodePortProof(context.network, host, question.proto, question.dport, family);
    const own = siblings(host, question.proto, question.dport, question.dst).filter((s) =>
      realHolding(host, s.address ?? ''),
    );
    const translated = translationsOf(context)[0];
    if (!proof && own.length === 0 && !translated) {
      const silent = !knows(host, 'ipvsadm') && !knows(host, 'iptables-save') && !knows(host, 'nft-ruleset');
      const inRange = question.dport >= 30_000 && question.dport <= 32_767;
      return silent && inRange && context.evidence.seen !== 'unknown'
        ? [
            undecided(
              [
                { kind: 'ipvsadm', namespace: host.id },
                { kind: 'iptables-save', namespace: host.id },
              ],
              {},
            ),
          ]
        : [];
    }
    const byIpvs = step.action.code === 'ipvs-loopback-source' || own.length > 0 || translated?.by === 'ipvs';
    if (!byIpvs && step.action.code === 'ipvs-no-server') return [];
    const localnet = sysctl(host, 'net.ipv4.conf.all.route_localnet');
    const mode = byIpvs ? 'ipvs' : host.nftTables.some((t) => t.name === 'kube-proxy') ? 'nftables' : 'iptables';
    return [
      foundAt(step, {
        confidence: confidenceOfEnd(context),
        values: {
          address: question.dst,
          port: question.dport,
          mode,
          served: own[0]?.address ?? '',
          routeLocalnet: localnet?.value.trim() ?? '',
          code: step.action.code,
        },
        evidence: [
          ...proofsOf(step),
          ...(proof ? [{ source: proof, role: 'decisive' as const }] : []),
          ...own.slice(0, 2).flatMap((s) => decisiveLine(s, [`${s.address}:${s.port}`])),
          ...(translated ? proofsOf(translated.step) : []),
          ...supportingLine(localnet, ['route_localnet']),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'use-node-address',
            commands: [commandIn(ns, shell`ip -brief address`)],
            changes: [],
            values: { served: own[0]?.address ?? '', port: question.dport },
          },
        ],
      }),
    ];
  },
};
