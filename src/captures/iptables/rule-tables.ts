import type {
  Backend,
  Chain,
  Counters,
  Family,
  Match,
  Rule,
  RuleTable,
  TableName,
  Target,
} from '../../records/iptables.ts';
import type { Source } from '../../records/source.ts';
import { addressFamily } from '../../tables/address.ts';

const TABLE_NAMES: readonly string[] = ['raw', 'mangle', 'nat', 'filter', 'security'];

const isTableName = (name: string): name is TableName => TABLE_NAMES.includes(name);

/** What a command line or a banner says of the rules that follow it. */
export interface RuleHints {
  readonly table: TableName | undefined;
  readonly family: Family | undefined;
  readonly backend: Backend | undefined;
}

/** Reads `ip6tables-legacy -t nat -S`, `ip netns exec x iptables -nvL --table=raw` or a banner such as `nft nat v4`. */
export const hintsOf = (text: string | undefined): RuleHints => {
  const words = text ?? '';
  const named =
    /(?:-[a-zA-Z]*t|--table)[ =]*([a-z]+)/.exec(words)?.[1] ?? /\b(raw|mangle|nat|filter|security)\b/.exec(words)?.[1];
  return {
    table: named !== undefined && isTableName(named) ? named : undefined,
    family: /\bip6tables|\bv6\b/i.test(words) ? 6 : /\biptables|\bv4\b/i.test(words) ? 4 : undefined,
    backend: /legacy/i.test(words) ? 'legacy' : /\bnft\b|nf_tables/i.test(words) ? 'nft' : undefined,
  };
};

/** The family that a rule gives away by its addresses, its protocol or its ICMP error. */
export const familyOf = (matches: readonly Match[], target: Target | undefined): Family | undefined => {
  for (const { name, options } of matches) {
    const value = options[0]?.values[0];
    if (value === undefined) continue;
    if (name === 'source' || name === 'destination') {
      const family = addressFamily(value.replace(/\/.*$/, ''));
      if (family) return family;
    } else if (name === 'icmp6' || (name === 'protocol' && (value === 'ipv6-icmp' || value === 'icmpv6'))) return 6;
    else if (name === 'icmp') return 4;
  }
  const rejectWith = target?.name === 'REJECT' ? target.options[0]?.values[0] : undefined;
  if (rejectWith?.startsWith('icmp6-')) return 6;
  return rejectWith?.startsWith('icmp-') ? 4 : undefined;
};

interface OpenChain extends Chain {
  policy: string | undefined;
  counters: Counters | undefined;
  readonly rules: Rule[];
}

/** A table under construction. What it is called and which family it has may be known only at its end. */
export class OpenTable {
  readonly source: Source;
  readonly chains = new Map<string, OpenChain>();
  name: TableName | undefined;
  backend: Backend;
  /** What the tool's own head comment said. */
  headFamily: Family | undefined;
  /** What the first telling rule said. */
  ruleFamily: Family | undefined;
  /** Whether a rule or user chain was seen: the policies of `-S` stand before them. */
  filled = false;
  #last: OpenChain | undefined;

  constructor(source: Source, name: TableName | undefined, backend: Backend, headFamily: Family | undefined) {
    this.source = source;
    this.name = name;
    this.backend = backend;
    this.headFamily = headFamily;
  }

  chain(name: string, source: Source, policy?: string, counters?: Counters): OpenChain {
    // Rules of one chain follow each other.
    const known = this.#last?.name === name ? this.#last : this.chains.get(name);
    this.#last = known;
    if (known) {
      if (policy !== undefined) known.policy = policy;
      if (counters !== undefined) known.counters = counters;
      return known;
    }
    const chain: OpenChain = { source, name, policy, counters, rules: [] };
    this.chains.set(name, chain);
    return chain;
  }

  rule(
    chain: OpenChain,
    source: Source,
    folded: { matches: readonly Match[]; target: Target | undefined; comment: string | undefined },
    counters: Counters | undefined,
  ): void {
    this.filled = true;
    this.ruleFamily ??= familyOf(folded.matches, folded.target);
    chain.rules.push({
      source,
      chain: chain.name,
      position: chain.rules.length + 1,
      matches: folded.matches,
      target: folded.target,
      counters,
      comment: folded.comment,
    });
  }
}

/** What is known of the family where neither the head comment nor a rule tells. */
export interface FamilyDefaults {
  readonly family: Family | undefined;
  readonly command: string | undefined;
}

/**
 * Closes the tables of a capture in their order. Tables of one run (no table twice, one program) are of one family:
 * an empty table learns it from its neighbours.
 */
export const closeTables = (tables: readonly OpenTable[], defaults: FamilyDefaults, exact: boolean): RuleTable[] => {
  const named = tables.map((table) => ({ table, name: table.name ?? inferName(table) }));
  const known = defaults.family ?? hintsOf(defaults.command).family ?? 4;
  const out: RuleTable[] = [];
  for (let start = 0; start < named.length; ) {
    let end = start;
    const seen = new Set<TableName>();
    let head: Family | undefined;
    for (; end < named.length; end += 1) {
      const { table, name } = named[end] as { table: OpenTable; name: TableName };
      if (seen.has(name) || (head && table.headFamily && table.headFamily !== head)) break;
      seen.add(name);
      head ??= table.headFamily;
    }
    const run = named.slice(start, end);
    const ofRun = head ?? run.find(({ table }) => table.ruleFamily)?.table.ruleFamily ?? known;
    for (const { table, name } of run)
      out.push({
        source: table.source,
        family: table.headFamily === 6 ? 6 : (table.ruleFamily ?? ofRun),
        name,
        backend: table.backend,
        chains: table.chains,
        exact,
      });
    start = end;
  }
  return out;
};

/**
 * The table of an `iptables -S` or `-L` output that does not say which it is: by the hooks that its built-in chains stand for
 * (net/ipv4/netfilter/iptable_*.c, valid_hooks), else by targets that only one table allows; filter otherwise, as the tools have it.
 */
const inferName = (table: OpenTable): TableName => {
  const has = (hook: string) => table.chains.get(hook)?.policy !== undefined;
  if (has('PREROUTING') && has('FORWARD')) return 'mangle';
  if (has('POSTROUTING')) return has('FORWARD') ? 'mangle' : 'nat';
  if (has('FORWARD')) return 'filter';
  if (has('PREROUTING')) return has('INPUT') ? 'nat' : 'raw';
  for (const chain of table.chains.values())
    for (const { target } of chain.rules)
      if (target && /^(?:DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP)$/.test(target.name)) return 'nat';
  return 'filter';
};
