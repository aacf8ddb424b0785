import type { Chain, Family, Match, Rule, RuleTable } from '../../records/iptables.ts';
import { canonicalAddress } from '../../tables/address.ts';
import type { Statement, WalkChain, WalkRule } from './chain-walk.ts';
import { hiddenTest } from './listing.ts';
import { compileMatch } from './matches/registry.ts';
import type { HookQuestion } from './outcome.ts';
import { compileTarget } from './targets/registry.ts';

/** From this many rules on a chain is worth an index. */
const INDEXED = 24;

/** The one address that a rule's `-d A/32` admits; undefined for any other rule. */
const soleDestination = (rule: Rule): string | undefined => {
  const option = rule.matches.find((match) => match.name === 'destination')?.options[0];
  const value = option?.values[0];
  if (!option || option.invert || option.values.length !== 1 || value === undefined) return undefined;
  const slash = value.indexOf('/');
  if (slash < 0) return canonicalAddress(value);
  const length = value.slice(slash + 1);
  const address = canonicalAddress(value.slice(0, slash));
  if (address === undefined) return undefined;
  return length === (address.includes(':') ? '128' : '32') || length === '255.255.255.255' ? address : undefined;
};

/** The question that a match asks, without its inversion where it has a single option. */
const questionOf = (match: Match): string => {
  const plain = match.options.length === 1;
  return `${match.name} ${match.options.map((o) => `${!plain && o.invert ? '! ' : ''}${o.flag} ${o.values.join(' ')}`).join(' ')}`;
};

const testOf = (match: Match, family: Family): Statement => ({
  kind: 'test',
  matcher: compileMatch(match, family),
  name: match.name,
  key: () => questionOf(match),
  invert: match.options.length === 1 && (match.options[0]?.invert ?? false),
});

const IDLE = new Set(['comment', 'nfacct']);

/** A chain of an iptables table, its rules made ready when a packet first comes to them. */
class RuleChain implements WalkChain {
  readonly #chain: Chain;
  readonly #table: RuleTable;
  readonly #ready: (WalkRule | null | undefined)[];
  /** Positions by sole destination, and those of all other rules; undefined for a short chain. */
  #index:
    | { readonly byDestination: ReadonlyMap<string, readonly number[]>; readonly rest: readonly number[] }
    | undefined;

  constructor(chain: Chain, table: RuleTable) {
    this.#chain = chain;
    this.#table = table;
    this.#ready = new Array(chain.rules.length);
  }

  get empty(): boolean {
    return this.#chain.rules.length === 0;
  }

  *rules(question: HookQuestion): Iterable<WalkRule> {
    if (this.#chain.rules.length < INDEXED) {
      for (let i = 0; i < this.#chain.rules.length; i += 1) {
        const rule = this.#rule(i);
        if (rule) yield rule;
      }
      return;
    }
    this.#index ??= this.#buildIndex();
    const { byDestination, rest } = this.#index;
    const own = byDestination.get(question.packet.dst) ?? [];
    for (let a = 0, b = 0; a < own.length || b < rest.length; ) {
      const first = own[a] ?? Number.POSITIVE_INFINITY;
      const second = rest[b] ?? Number.POSITIVE_INFINITY;
      if (first < second) a += 1;
      else b += 1;
      const rule = this.#rule(Math.min(first, second));
      if (rule) yield rule;
    }
  }

  #buildIndex(): { byDestination: Map<string, number[]>; rest: number[] } {
    const byDestination = new Map<string, number[]>();
    const rest: number[] = [];
    this.#chain.rules.forEach((rule, i) => {
      const destination = soleDestination(rule);
      if (destination === undefined) rest.push(i);
      else {
        const list = byDestination.get(destination);
        if (list) list.push(i);
        else byDestination.set(destination, [i]);
      }
    });
    return { byDestination, rest };
  }

  #rule(i: number): WalkRule | null {
    let ready = this.#ready[i];
    if (ready === undefined) {
      const rule = this.#chain.rules[i];
      ready = rule ? this.#compile(rule) : null;
      this.#ready[i] = ready;
    }
    return ready;
  }

  /** Null for a rule that has no effect, whatever it matches. */
  #compile(rule: Rule): WalkRule | null {
    const { family, chains } = this.#table;
    const effect = compileTarget(rule, family, (name) => chains.has(name));
    if (effect.kind === 'nothing') return null;
    if (effect.kind === 'jump' && chains.get(effect.chain)?.rules.length === 0) return null;
    const statements: Statement[] = [];
    for (const match of rule.matches) if (!IDLE.has(match.name)) statements.push(testOf(match, family));
    if (!this.#table.exact) {
      const hidden = hiddenTest(rule, effect);
      if (hidden) statements.push(hidden);
    }
    statements.push({ kind: 'act', effect });
    return {
      hit: {
        source: rule.source,
        chain: rule.chain,
        position: rule.position,
        packets: rule.counters?.packets,
        comment: rule.comment,
        target: rule.target?.name,
      },
      statements,
    };
  }
}

const chains = new WeakMap<RuleTable, Map<string, RuleChain>>();

/** A chain of the table made ready; undefined where the table has none of that name. Kept as long as the table's record is. */
export const ruleChain = (table: RuleTable, name: string): WalkChain | undefined => {
  const chain = table.chains.get(name);
  if (!chain) return undefined;
  const known = chains.get(table) ?? new Map<string, RuleChain>();
  chains.set(table, known);
  let ready = known.get(name);
  if (!ready) {
    ready = new RuleChain(chain, table);
    known.set(name, ready);
  }
  return ready;
};
