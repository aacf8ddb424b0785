import type { NftChain, NftTable } from '../../../records/iptables.ts';
import type { WalkChain, WalkRule } from '../chain-walk.ts';
import { compileNftRule } from './rule.ts';

class Ready implements WalkChain {
  readonly #chain: NftChain;
  readonly #table: NftTable;
  readonly #ready: (WalkRule | null | undefined)[];

  constructor(chain: NftChain, table: NftTable) {
    this.#chain = chain;
    this.#table = table;
    this.#ready = new Array(chain.rules.length);
  }

  get empty(): boolean {
    return this.#chain.rules.length === 0;
  }

  *rules(): Iterable<WalkRule> {
    for (const [i, rule] of this.#chain.rules.entries()) {
      let ready = this.#ready[i];
      if (ready === undefined) {
        ready = compileNftRule(rule, this.#table, i + 1);
        this.#ready[i] = ready;
      }
      if (ready) yield ready;
    }
  }
}

const chains = new WeakMap<NftTable, Map<string, Ready>>();

/** A chain of an nftables table made ready; undefined where the table has none of that name. */
export const nftChain = (table: NftTable, name: string): WalkChain | undefined => {
  const chain = table.chains.get(name);
  if (!chain) return undefined;
  const known = chains.get(table) ?? new Map<string, Ready>();
  chains.set(table, known);
  let ready = known.get(name);
  if (!ready) {
    ready = new Ready(chain, table);
    known.set(name, ready);
  }
  return ready;
};
