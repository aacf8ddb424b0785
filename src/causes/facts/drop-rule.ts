import type { Change } from '../../network/change.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain, type RuleOwner } from '../../path/netfilter/owner.ts';
import type { Step } from '../../path/step.ts';
import type { Backend, NftChain, NftRule, NftTable, Rule, RuleTable } from '../../records/iptables.ts';
import { isAt, type Source } from '../../records/source.ts';
import { textOf } from './ending.ts';
import type { Found } from './finding.ts';
import { ruleAt } from './rules.ts';

/** The rule, or the chain's policy, that ended a packet, found again in the dumps. */
export interface DropRule {
  readonly source: Source | undefined;
  readonly isPolicy: boolean;
  readonly backend: Backend;
  readonly family: 4 | 6;
  readonly table: string;
  readonly chain: string;
  readonly position: number;
  /** The rule of an iptables table; undefined for a policy and for nftables' own rules. */
  readonly rule: Rule | undefined;
  readonly nft: { readonly table: NftTable; readonly rule: NftRule | undefined } | undefined;
  /** Packets that it counted; undefined where the dump has no counters, or none that count (iptables-nft's policies). */
  readonly packets: number | undefined;
  readonly comment: string;
  /** `icmp-port-unreachable`, `tcp-reset` …; '' for a silent drop. */
  readonly rejectWith: string;
  /** Who writes the deciding chain; of a built-in chain's rule who wrote it, by its comment. */
  readonly owner: RuleOwner;
  readonly path: readonly string[];
}

const nftAt = (
  ns: NetNamespace,
  source: Source,
): { readonly table: NftTable; readonly chain: NftChain; readonly rule: NftRule | undefined } | undefined => {
  for (const table of ns.nftTables)
    for (const chain of table.chains.values()) {
      if (isAt(chain, source)) return { table, chain, rule: undefined };
      const rule = chain.rules.find((r) => isAt(r, source));
      if (rule) return { table, chain, rule };
    }
  return undefined;
};

const policyTable = (ns: NetNamespace, source: Source): RuleTable | undefined =>
  ns.tables.find((t) => [...t.chains.values()].some((chain) => isAt(chain, source)));

/** The rule behind a step that ends in `rule-drop`, `rule-reject` or `policy-drop`. */
export const dropRuleOf = (ns: NetNamespace, step: Step): DropRule => {
  const source = step.proofs.find((p) => p.role === 'decisive')?.source ?? step.proofs[0]?.source;
  const isPolicy = step.action.code === 'policy-drop';
  const placed = source && !isPolicy ? ruleAt(ns, source) : undefined;
  const table = placed?.table ?? (source && isPolicy ? policyTable(ns, source) : undefined);
  const nft = source && !table ? nftAt(ns, source) : undefined;
  const chain = textOf(step, 'chain');
  const comment = textOf(step, 'comment');
  const { path } = step.action.values;
  const counted = step.action.values.packets;
  const packets = typeof counted === 'number' && counted >= 0 ? counted : undefined;
  const backend = table?.backend ?? (nft ? 'nft' : 'unknown');
  const owner = isPolicy ? 'user' : ownerOf(chain, comment, nft?.table.name);
  return {
    source,
    isPolicy,
    backend,
    family: step.before.family,
    table: table?.name ?? nft?.table.name ?? textOf(step, 'table'),
    chain: nft?.chain.name ?? chain,
    position: placed?.rule.position ?? 0,
    rule: placed?.rule,
    nft: nft && { table: nft.table, rule: nft.rule },
    // iptables-nft does not count at its base chains' policies: they always show 0.
    packets: isPolicy && packets === 0 && backend !== 'legacy' ? undefined : packets,
    comment,
    rejectWith: textOf(step, 'with'),
    owner,
    path: Array.isArray(path) ? (path as readonly string[]) : [],
  };
};

const ownerOf = (chain: string, comment: string, table: string | undefined): RuleOwner => {
  const byChain = ownerOfChain(chain, comment);
  return byChain !== 'user' || table === undefined ? byChain : ownerOfChain(table);
};

/** `iptables` or `ip6tables` of the backend that holds the rule, where the bundle tells both apart. */
export const toolOf = (ns: NetNamespace, { family, backend }: Pick<DropRule, 'family' | 'backend'>): string => {
  const name = family === 4 ? 'iptables' : 'ip6tables';
  const several = new Set(ns.tables.map((t) => t.backend)).size > 1;
  return several && backend !== 'unknown' && knows(ns, 'iptables-save') ? `${name}-${backend}` : name;
};

/** Taking the deciding rule away, or turning the policy to ACCEPT; undefined where the model cannot express it. */
export const removal = (
  ns: NetNamespace,
  drop: DropRule,
): { readonly changes: readonly Change[]; readonly command: string } | undefined => {
  if (drop.nft) {
    const { table, rule } = drop.nft;
    if (!rule)
      return {
        changes: [],
        command: `nft chain ${table.family} ${table.name} ${drop.chain} '{ policy accept; }'`,
      };
    return {
      changes: [{ namespace: ns.id, op: 'delete', what: 'nft-rule', source: rule.source }],
      command: `nft delete rule ${table.family} ${table.name} ${drop.chain} handle ${rule.handle ?? 'HANDLE'}`,
    };
  }
  const tool = toolOf(ns, drop);
  const where = drop.table === 'filter' ? '' : `-t ${drop.table} `;
  const name = drop.table;
  if (
    drop.isPolicy &&
    (name === 'filter' || name === 'mangle' || name === 'raw' || name === 'nat' || name === 'security')
  )
    return {
      changes: [
        {
          namespace: ns.id,
          op: 'set',
          what: 'chain-policy',
          family: drop.family,
          table: name,
          chain: drop.chain,
          policy: 'ACCEPT',
        },
      ],
      command: `${tool} ${where}-P ${drop.chain} ACCEPT`,
    };
  if (!drop.rule) return undefined;
  return {
    changes: [{ namespace: ns.id, op: 'delete', what: 'iptables-rule', source: drop.rule.source }],
    command: `${tool} ${where}-D ${drop.chain} ${drop.position}`,
  };
};

/** The removal as a fix. */
export const removalFix = (ns: NetNamespace, drop: DropRule, id: string): Found['fixes'] => {
  const made = removal(ns, drop);
  return made
    ? [
        {
          id,
          commands: [{ node: ns.node, command: made.command }],
          changes: made.changes,
          values: { chain: drop.chain, table: drop.table },
        },
      ]
    : [];
};

/** Writers whose drops are somebody's intent about pods and services; they have causes of their own. */
const WITH_OWN_CAUSE: ReadonlySet<RuleOwner> = new Set<RuleOwner>([
  'kube-proxy',
  'kube-router',
  'calico',
  'cilium',
  'antrea',
  'weave',
  'kube-ovn',
  'ovn-kubernetes',
  'terway',
  'istio',
  'openstack',
]);

/** The rule is of a program whose drops another cause tells of. */
export const hasOwnCause = ({ isPolicy, owner }: Pick<DropRule, 'isPolicy' | 'owner'>): boolean =>
  !isPolicy && WITH_OWN_CAUSE.has(owner);

/** What templates tell of the rule. */
export const dropValues = (
  drop: DropRule,
): {
  logged: number;
  prefix: string;
  chain: string;
  table: string;
  policy: boolean;
  target: string;
  comment: string;
  counted: number;
  owner: string;
  rejected: boolean;
  path: readonly string[];
} => ({
  logged: 0,
  prefix: '',
  chain: drop.chain,
  table: drop.table,
  policy: drop.isPolicy,
  target: drop.rule?.target?.name ?? (drop.isPolicy ? 'DROP' : ''),
  comment: drop.comment,
  counted: drop.packets ?? 0,
  owner: drop.owner,
  rejected: drop.rejectWith !== '',
  path: [...new Set(drop.path)],
});
