import type { Change } from '../../network/change.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { prefixContains } from '../../tables/address.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, endingOf, namespaceId, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, EvidenceLine, Found } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAtEnd, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { agentChain, CHAIN, cniAddress, hostNetworkSnat, nftSnat, type Vtep, vtepOf } from '../facts/submariner.ts';
import { policyWords } from '../facts/xfrm-policy.ts';

/**
 * Host processes of a node reach other clusters through `vx-submariner` and so with a VTEP address as source. Without the route agent's SNAT rule it stays:
 * no IPsec policy covers it, and nobody could answer to it.
 */
export const submarinerSnatRuleRemovedHostnetBreak: Cause = {
  id: 'submariner-snat-rule-removed-hostnet-break',
  group: 'A',
  layer: 'nat',
  control: false,
  needs: ['iptables-save', 'ip-addr', 'conntrack', 'xfrm-policy', 'tcpdump'],
  references: ['submariner-io/submariner#3103', 'submariner-io/submariner#3134'],
  explains: [
    'xfrm-out-policy-missing-plaintext',
    'neigh-failed-next-hop',
    'policy-route-precedence',
    'rp-filter-strict-drop',
    'underlay-antispoof',
    'podcidr-route-missing',
    'return-path-bypasses-nat',
  ],
  detect: (context) => {
    if (context.evidence.seen === 'ok' || context.branch.outcome === 'delivered') return [];
    const ending = endingOf(context);
    const [first] = context.branch.forward.steps;
    const ns = first && context.network.namespaces.get(namespaceId(first));
    const vtep = ns && vtepOf(ns);
    if (!ending || !ns || !vtep || ns.name !== '') return [];
    const sent = sentBy(context.branch.forward.steps, ns, vtep);
    if (sent?.before.src !== vtep.address || prefixContains(vtep.range, sent.before.dst)) return [];
    const { dst } = sent.before;
    const values = { vtep: vtep.address, dst, device: vtep.link.name, sender: ns.node, chain: CHAIN };
    if (!knows(ns, 'iptables-save') && !knows(ns, 'nft-ruleset') && !knows(ns, 'iptables-list'))
      return [undecided([{ kind: 'iptables-save', namespace: ns.id }], values)];
    const rule = hostNetworkSnat(ns);
    if (rule || nftSnat(ns))
      return [{ kind: 'ruled-out', because: 'rule-present', values, evidence: decisiveLine(rule, ['SNAT']) }];
    const chain = agentChain(ns, 'nat');
    const end = confidenceOfEnd(context);
    const found = foundAtEnd(context, {
      confidence: chain ? end : weaker('likely', end),
      values: { ...values, diedOn: ending.step.node, policies: ending.namespace.policies.some((p) => p.dir === 'out') },
      evidence: [
        ...decisiveLine(chain, [CHAIN]),
        ...(chain?.rules ?? []).flatMap((r) => supportingLine(r)),
        ...context.evidence.entries
          .filter((e) => e.namespace === ns.id && e.entry.original.src === vtep.address)
          .slice(0, 1)
          .flatMap((e) => decisiveLine(e.entry, [`src=${vtep.address}`, '[UNREPLIED]'])),
        ...arrivals(context.evidence.packets, vtep.address, ns),
        ...ending.namespace.policies.filter((p) => p.dir === 'out').flatMap((p) => supportingLine(p, policyWords(p))),
        ...proofsOf(ending.step),
        ...symptomLines(context),
      ],
      fixes: fixes(ns, vtep, sent),
    });
    return found ? [found] : [];
  },
};

/** The step by which the packet goes into the agent's VXLAN, after whatever translation; of a device that only its packets show it is not known how it wraps them. */
const sentBy = (steps: readonly Step[], ns: NetNamespace, { link }: Vtep): Step | undefined => {
  const own = steps.filter((s) => namespaceId(s) === ns.id);
  const wrapped = own.find((s) => s.action.code === 'vxlan-encapsulate' && s.device === link.name);
  if (wrapped || link.vxlan) return wrapped;
  const isTranslated = own.some((s) => s.place === 'POSTROUTING' && s.before.src !== s.after.src);
  return isTranslated ? undefined : own.find((s) => s.place === 'routing' && textOf(s, 'device') === link.name);
};

/** The packet under its VTEP address on another node. */
const arrivals = (
  packets: readonly {
    readonly namespace: string;
    readonly layer: { readonly src: string | undefined } | undefined;
    readonly view: { readonly source: EvidenceLine['source'] };
  }[],
  vtep: string,
  sender: NetNamespace,
): readonly EvidenceLine[] =>
  packets
    .filter((p) => p.namespace !== sender.id && p.layer?.src === vtep)
    .slice(0, 2)
    .map((p) => ({ source: p.view.source, role: 'decisive' as const, words: [vtep] }));

/** The rule as the route agent writes it. */
const fixes = (ns: NetNamespace, vtep: Vtep, sent: Step): Found['fixes'] => {
  const cni = cniAddress(ns, sent.before.dst);
  if (!cni) return [{ id: 'restart-agent', commands: [], changes: [], values: { device: vtep.link.name } }];
  const change: Change = {
    namespace: ns.id,
    op: 'add',
    what: 'iptables-rule',
    family: 4,
    table: 'nat',
    chain: agentChain(ns, 'nat') ? CHAIN : 'POSTROUTING',
    position: 1,
    record: {
      matches: [
        { name: 'source', options: [{ flag: '-s', invert: false, values: [vtep.range] }] },
        { name: 'out-interface', options: [{ flag: '-o', invert: false, values: [vtep.link.name] }] },
      ],
      target: { name: 'SNAT', goto: false, options: [{ flag: '--to-source', invert: false, values: [cni.address] }] },
      counters: undefined,
      comment: undefined,
    },
  };
  return [
    {
      id: 'restore-rule',
      commands: [
        commandIn(
          ns,
          shell`iptables -t nat -I ${change.chain} 1 -s ${vtep.range} -o ${vtep.link.name} -j SNAT --to-source ${cni.address}`,
        ),
      ],
      changes: [change],
      values: { to: cni.address, device: vtep.link.name },
    },
  ];
};
