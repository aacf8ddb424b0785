import type { NetNamespace } from '../../network/namespace.ts';
import type { IpSet } from '../../records/ipset.ts';
import { prefixContains } from '../../tables/address.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, stepsOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Verdict } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { chainsOf, ruleAt } from '../facts/rules.ts';
import { memberAdded } from '../facts/set-member.ts';
import { shell } from '../facts/shell.ts';
import { exemptPairs, hasSubmariner, remoteNetwork, unlistedAgent } from '../facts/submariner.ts';

const NAT_OUTGOING = 'cali-nat-outgoing';

/**
 * Calico masquerades what pods send to addresses outside of its IP pools. Other clusters' networks are outside, so their packets lose their source before the
 * tunnel: no IPsec policy fits, and the remote side sees a node.
 */
export const submarinerCalicoNatoutgoing: Cause = {
  id: 'submariner-calico-natoutgoing',
  group: 'C',
  layer: 'nat',
  control: false,
  needs: ['iptables-save', 'ipset', 'conntrack'],
  references: ['submariner-io/submariner#3110', 'submariner-io/submariner#3140'],
  explains: [
    'snat-before-xfrm-policy-miss',
    'submariner-chain-not-hooked',
    'xfrm-out-policy-missing-plaintext',
    'underlay-antispoof',
  ],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const at = natOutgoing(context);
    if (!at) return unlisted(context);
    const { step, namespace: ns, remote } = at;
    const entries = context.evidence.entries.filter(
      (e) => e.namespace === ns.id && e.entry.reply.dst === step.after.src,
    );
    return [
      foundAt(step, {
        confidence:
          context.branch.outcome === 'delivered'
            ? weaker('likely', confidenceOfEnd(context))
            : confidenceOfEnd(context),
        values: { src: step.before.src, dst: step.before.dst, translated: step.after.src, remote },
        evidence: [
          ...proofsOf(step, ['MASQUERADE', NAT_OUTGOING]),
          ...exemptPairs(ns)
            .filter((pair) => pair.dst === remote)
            .slice(0, 1)
            .flatMap((pair) => decisiveLine(pair.rule, [pair.src, pair.dst])),
          ...entries.slice(0, 1).flatMap((e) => decisiveLine(e.entry, [`dst=${step.after.src}`])),
          ...symptomLines(context),
        ],
        fixes: [pool(ns, step, remote)],
      }),
    ];
  },
};

const natOutgoing = (context: CauseContext) => {
  for (const step of stepsOf(context)) {
    if (step.action.code !== 'masquerade' && step.action.code !== 'snat') continue;
    const namespace = context.network.namespaces.get(namespaceId(step));
    if (!namespace || !hasSubmariner(namespace) || !chainsOf(namespace, step).includes(NAT_OUTGOING)) continue;
    const remote = remoteNetwork(context, step.before.dst);
    if (remote !== undefined && step.before.src !== step.after.src) return { step, namespace, remote };
  }
  return undefined;
};

/** Calico's sets say what it masquerades - its pools' addresses, to any that is in no pool - and its rules were not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  const at = unlistedAgent(context);
  const { src, dst } = at?.step.before ?? { src: '', dst: '' };
  const masked = at?.namespace.sets.get('cali40masq-ipam-pools');
  const all = at?.namespace.sets.get('cali40all-ipam-pools');
  if (!at || !masked || !all || !holds(masked, src) || holds(all, dst)) return [];
  return [undecided([{ kind: 'iptables-save', namespace: at.namespace.id }], { src, dst })];
};

const holds = (set: IpSet, address: string): boolean =>
  set.members.some(({ parts: [part = ''] }) => prefixContains(part, address));

/** A disabled pool makes Calico add its network to the set of all pools, which its rule exempts. */
const pool = (ns: NetNamespace, step: Parameters<typeof chainsOf>[1], remote: string): Found['fixes'][number] => {
  const rule = step.proofs
    .flatMap((proof) => ruleAt(ns, proof.source) ?? [])
    .find((r) => r.rule.chain === NAT_OUTGOING)?.rule;
  const all = rule?.matches
    .flatMap((m) => m.options)
    .find((o) => o.flag === '--match-set' && o.invert && o.values[1] === 'dst')?.values[0];
  const manifest = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name: `remote-${remote.replace(/[./:]/g, '-')}` },
    spec: { cidr: remote, natOutgoing: false, disabled: true },
  };
  return {
    id: 'add-pool',
    commands: [commandOn(ns.node, shell`printf %s ${JSON.stringify(manifest)} | calicoctl create -f -`)],
    changes: all === undefined ? [] : [memberAdded(ns, all, [remote])],
    values: { remote },
  };
};
