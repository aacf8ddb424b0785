import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain, type RuleOwner } from '../../path/netfilter/owner.ts';
import type { Step } from '../../path/step.ts';
import type { Backend, NftChain, NftRule, NftTable, Rule, RuleTable } from '../../records/iptables.ts';
import { isAt, type Source } from '../../records/source.ts';
import { deleteRule } from './delete-rule.ts';
import { textOf } from './ending.ts';
import type { Found } from './finding.ts';
import { commandIn } from './fix-command.ts';
import { type PlacedRule, ruleAt } from './rules.ts';
import { type Shell, shell } from './shell.ts';

/** The rule, or the chain's policy, that ended a packet, found again in the dumps. */
export interface DropRule {
  readonly source: Source | undefined;
  readonly isPolicy: boolean;
  readonly backend: Backend;
  readonly family: 4 | 6;
  readonly table: string;
  readonly chain: string;
  readonly position: number;
  /** The rule in its table; undefined as the next is. */
  readonly placed: PlacedRule | undefined;
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
    placed,
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

/** Matches that pick out no packet by where it comes from, goes to or what it is: a rule with these alone is the end of a firewall. */
const OF_ANY_PACKET: ReadonlySet<string> = new Set([
  ...['protocol', 'comment', 'limit', 'addrtype', 'pkttype', 'fragment', 'statistic'],
]);

/** The policy of a chain, or a rule that refuses whatever no rule before has accepted: it is what makes the chain a firewall. */
export const isCatchAll = (drop: DropRule): boolean => {
  if (drop.isPolicy) return true;
  if (drop.nft) return drop.nft.rule?.statements.every(({ kind }) => kind !== 'match' && kind !== 'vmap') ?? true;
  return drop.rule?.matches.every(({ name, options }) => OF_ANY_PACKET.has(name) && !options.some(namesPort)) ?? true;
};
const namesPort = ({ flag }: { readonly flag: string }): boolean => /port/.test(flag);

/** Writers who compare the kernel's rules with what they want again and again: a rule of theirs that was taken out is there again within minutes. */
const KEEPERS: ReadonlySet<RuleOwner> = new Set<RuleOwner>([
  ...(['kube-proxy', 'kubelet', 'kube-router', 'calico', 'flannel', 'cilium', 'submariner', 'antrea'] as const),
  ...(['weave', 'kube-ovn', 'ovn-kubernetes', 'istio', 'openstack'] as const),
]);

/** The rule's writer puts it there again: what it is told (a Service, a policy, a setting) has to be changed. */
export const isKept = ({ owner }: Pick<DropRule, 'owner'>): boolean => KEEPERS.has(owner);

/** Taking the deciding rule away; undefined where the model cannot express it, or where it is the end of a firewall. */
export const removal = (
  ns: NetNamespace,
  drop: DropRule,
): { readonly changes: readonly Change[]; readonly command: Shell | undefined } | undefined => {
  if (isCatchAll(drop)) return undefined;
  if (drop.nft) {
    const { table, rule } = drop.nft;
    if (!rule) return undefined;
    const { handle } = rule;
    return {
      changes: [{ namespace: ns.id, op: 'delete', what: 'nft-rule', source: rule.source }],
      // `nft list ruleset` prints handles with -a alone, and nft deletes a rule by nothing else.
      command:
        handle === undefined
          ? shell`nft -a list chain ${table.family} ${table.name} ${drop.chain}`
          : shell`nft delete rule ${table.family} ${table.name} ${drop.chain} handle ${handle}`,
    };
  }
  if (!drop.placed) return undefined;
  return {
    changes: [{ namespace: ns.id, op: 'delete', what: 'iptables-rule', source: drop.placed.rule.source }],
    command: deleteRule(ns, drop.placed),
  };
};

/** The removal as a fix: words alone where its writer would undo it (an orphan's does no more), or where the rule cannot be named whole. */
export const removalFix = (ns: NetNamespace, drop: DropRule, id: string, isOrphan = false): Found['fixes'] => {
  const made = removal(ns, drop);
  if (!made) return [];
  const { command, changes } = made;
  const commands = command === undefined || (isKept(drop) && !isOrphan) ? [] : [commandIn(ns, command)];
  return [{ id, commands, changes, values: { chain: drop.chain, table: drop.table } }];
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
