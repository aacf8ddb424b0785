import type { IpSet } from '../records/ipset.ts';
import type { Chain, Hook, NftTable, Rule, RuleTable, TableName } from '../records/iptables.ts';
import { isAt, type Source } from '../records/source.ts';
import { CHANGED, type RuleChange, type SetChange } from './change.ts';
import type { NetNamespace } from './namespace.ts';

/** iptables -I, -A, -D, -P, and nft delete rule. */
export const changeRule = (ns: NetNamespace, change: RuleChange): NetNamespace => {
  if (change.what === 'nft-rule') {
    const nftTables = ns.nftTables.map((table) => withoutNftRule(table, change.source));
    return nftTables.every((table, i) => table === ns.nftTables[i]) ? ns : { ...ns, nftTables };
  }
  const tables = withTable(ns, change).map((table) => changeTable(table, change));
  return tables.length === ns.tables.length && tables.every((table, i) => table === ns.tables[i])
    ? ns
    : { ...ns, tables };
};

const HOOKS: Readonly<Record<TableName, readonly Hook[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** The tables, with an empty one where a rule is added to a table that the namespace is known not to have: iptables makes it on the first use. */
const withTable = (ns: NetNamespace, change: Exclude<RuleChange, { what: 'nft-rule' }>): readonly RuleTable[] => {
  const isKnown = ns.captured.has('iptables-save') || ns.captured.has('nft-ruleset');
  if (change.op !== 'add' || !isKnown) return ns.tables;
  if (ns.tables.some((t) => t.family === change.family && t.name === change.table)) return ns.tables;
  const chain = (name: string): Chain => ({ name, policy: 'ACCEPT', counters: undefined, rules: [], source: CHANGED });
  const chains = new Map(HOOKS[change.table].map((hook) => [hook as string, chain(hook)]));
  const { family, table: name } = change;
  return [...ns.tables, { family, name, backend: 'unknown', chains, exact: true, source: CHANGED }];
};

const changeTable = (table: RuleTable, change: Exclude<RuleChange, { what: 'nft-rule' }>): RuleTable => {
  if (change.op === 'delete')
    return mapChains(table, (chain) =>
      withRules(
        chain,
        chain.rules.filter((r) => !isAt(r, change.source)),
      ),
    );
  if (table.family !== change.family || table.name !== change.table) return table;
  if (change.op === 'add' && change.backend !== undefined && table.backend !== change.backend) return table;
  return mapChains(table, (chain) => {
    if (chain.name !== change.chain) return chain;
    if (change.op === 'set') return chain.policy === change.policy ? chain : { ...chain, policy: change.policy };
    const at = Math.min((change.position ?? chain.rules.length + 1) - 1, chain.rules.length);
    const rule: Rule = { ...change.record, source: CHANGED, chain: chain.name, position: at + 1 };
    return withRules(chain, [...chain.rules.slice(0, at), rule, ...chain.rules.slice(at)]);
  });
};

const mapChains = (table: RuleTable, change: (chain: Chain) => Chain): RuleTable => {
  const chains = new Map([...table.chains].map(([name, chain]) => [name, change(chain)] as const));
  return [...chains].every(([name, chain]) => table.chains.get(name) === chain) ? table : { ...table, chains };
};

/** The chain with these rules, numbered anew. */
const withRules = (chain: Chain, rules: readonly Rule[]): Chain => {
  if (rules.length === chain.rules.length) return chain;
  return { ...chain, rules: rules.map((rule, i) => (rule.position === i + 1 ? rule : { ...rule, position: i + 1 })) };
};

const withoutNftRule = (table: NftTable, source: Source): NftTable => {
  const chains = new Map(
    [...table.chains].map(([name, chain]) => {
      const rules = chain.rules.filter((rule) => !isAt(rule, source));
      return [name, rules.length === chain.rules.length ? chain : { ...chain, rules }] as const;
    }),
  );
  return [...chains].every(([name, chain]) => table.chains.get(name) === chain) ? table : { ...table, chains };
};

/** ipset add and ipset del; a member that is there already is replaced (`-exist`). */
export const changeSet = (ns: NetNamespace, change: SetChange): NetNamespace => {
  const set = ns.sets.get(change.set);
  if (!set) return ns;
  const parts = change.op === 'add' ? change.record.parts : change.parts;
  const others = set.members.filter((member) => member.parts.join() !== parts.join());
  if (change.op === 'delete' && others.length === set.members.length) return ns;
  const members = change.op === 'add' ? [...others, { ...change.record, source: CHANGED }] : others;
  // The capture's own count keeps its distance to its members: it tells whether the listing was cut.
  const declared = set.declaredEntries;
  const declaredEntries = declared === undefined ? undefined : declared + members.length - set.members.length;
  const changed: IpSet = { ...set, members, declaredEntries };
  return { ...ns, sets: new Map(ns.sets).set(change.set, changed) };
};
