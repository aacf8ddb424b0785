import { isWhole, type NetNamespace } from '../../network/namespace.ts';
import type { Rule, RuleTable } from '../../records/iptables.ts';

/** Chains to which a chain leads, itself among them. */
const reachable = (table: RuleTable, name: string, seen = new Set<string>()): ReadonlySet<string> => {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const { target } of table.chains.get(name)?.rules ?? [])
    if (target && table.chains.has(target.name)) reachable(table, target.name, seen);
  return seen;
};

/** Whether what the listing holds of the chain is all of it: it is not the last one of a listing that breaks off. */
const isWholeChain = (ns: NetNamespace, table: RuleTable, name: string): boolean =>
  isWhole(ns, 'iptables-save') || [...table.chains.keys()].at(-1) !== name;

const VERDICTS: ReadonlySet<string> = new Set([
  'ACCEPT',
  'DROP',
  'RETURN',
  'MASQUERADE',
  'SNAT',
  'MARK',
  'CONNMARK',
  'LOG',
  'NFLOG',
]);

const leavesListing = (table: RuleTable, { target }: Rule): boolean =>
  target !== undefined && !table.chains.has(target.name) && !VERDICTS.has(target.name);

/** Every chain that a chain leads to; undefined where the listing does not tell: it breaks off in the chain, or a rule leads to one that is not listed. */
export const reachedFrom = (ns: NetNamespace, table: RuleTable, name: string): ReadonlySet<string> | undefined => {
  if (!table.chains.has(name) || !isWholeChain(ns, table, name)) return undefined;
  const reached = reachable(table, name);
  const leaves = [...reached].some((one) => table.chains.get(one)?.rules.some((rule) => leavesListing(table, rule)));
  return leaves ? undefined : reached;
};
