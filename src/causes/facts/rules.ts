import { knows, type NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain, type RuleOwner } from '../../path/netfilter/owner.ts';
import type { Step } from '../../path/step.ts';
import type { Chain, Rule, RuleTable, TableName } from '../../records/iptables.ts';
import type { Source } from '../../records/source.ts';
import { isAt } from '../../records/source.ts';
import { textOf } from './ending.ts';

/** Whether any capture tells of the namespace's rules. */
export const rulesCaptured = (ns: NetNamespace): boolean =>
  knows(ns, 'iptables-save') || knows(ns, 'iptables-list') || knows(ns, 'nft-ruleset');

export interface PlacedRule {
  readonly table: RuleTable;
  readonly rule: Rule;
}

/** The iptables rule that stands in this line. */
export const ruleAt = (ns: NetNamespace, source: Source): PlacedRule | undefined => {
  for (const table of ns.tables) {
    if (table.source.file !== source.file) continue;
    for (const chain of table.chains.values())
      for (const rule of chain.rules) if (rule.source.line === source.line) return { table, rule };
  }
  return undefined;
};

/** Chain and table of the rule that decided a step; of nftables' own rules too. */
export const decidingRule = (
  ns: NetNamespace,
  step: Step,
): { readonly chain: string; readonly table: string } | undefined => {
  for (const { source, role } of step.proofs) {
    if (role !== 'decisive') continue;
    const found = ruleAt(ns, source);
    if (found) return { chain: found.rule.chain, table: found.table.name };
    for (const table of ns.nftTables)
      for (const chain of table.chains.values())
        if (chain.rules.some((r) => isAt(r, source))) return { chain: chain.name, table: table.name };
  }
  return undefined;
};

/** Chains of the rules that a step quotes. */
export const chainsOf = (ns: NetNamespace, step: Step): readonly string[] => [
  ...new Set([
    ...(Array.isArray(step.action.values.path) ? (step.action.values.path as readonly string[]) : []),
    ...(typeof step.action.values.chain === 'string' ? [step.action.values.chain] : []),
    ...step.proofs.flatMap((proof) => {
      const found = ruleAt(ns, proof.source);
      return found ? [found.rule.chain] : [];
    }),
  ]),
];

export const chainNamed = (ns: NetNamespace, table: TableName, family: 4 | 6, name: string): Chain | undefined =>
  ns.tables.find((t) => t.name === table && t.family === family && t.chains.has(name))?.chains.get(name);

/** Chains of a table whose name fits, of every backend. */
export const chainsLike = (ns: NetNamespace, table: TableName, family: 4 | 6, name: RegExp): readonly Chain[] =>
  ns.tables
    .filter((t) => t.name === table && t.family === family)
    .flatMap((t) => [...t.chains.values()].filter((chain) => name.test(chain.name)));

/** The program whose rule ended the packet. */
export const ownerOfEnd = (step: Step): RuleOwner => ownerOfChain(textOf(step, 'chain'), textOf(step, 'comment'));

/** The packet was refused or dropped by a rule or a chain's policy. */
export const isRuleEnd = (step: Step): boolean =>
  step.action.code === 'rule-drop' || step.action.code === 'rule-reject' || step.action.code === 'policy-drop';

/** Options of a rule's match by name: every value of `--match-set`, `--dport` … */
export const optionsOf = (rule: Rule, flag: string): readonly (readonly string[])[] =>
  rule.matches.flatMap((match) => match.options.filter((o) => o.flag === flag && !o.invert).map((o) => o.values));
