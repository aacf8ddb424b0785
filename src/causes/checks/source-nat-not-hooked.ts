import type { NetNamespace } from '../../network/namespace.ts';
import type { Chain, Rule, RuleTable } from '../../records/iptables.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { BundleCheck } from '../facts/finding.ts';
import { reachedFrom } from '../facts/reached-chains.ts';

const SOURCE_NAT: ReadonlySet<string> = new Set(['SNAT', 'MASQUERADE']);

const translation = ({ rules }: Chain): Rule | undefined =>
  rules.find(({ target }) => SOURCE_NAT.has(target?.name ?? ''));

interface Unhooked {
  readonly postrouting: Chain;
  readonly chain: Chain;
  readonly rule: Rule;
}

/** A chain that translates sources belongs behind POSTROUTING (nf_nat_core.c: the hooks of a source manipulation are POSTROUTING and INPUT). */
const unhookedIn = (ns: NetNamespace, table: RuleTable): Unhooked | undefined => {
  const postrouting = table.chains.get('POSTROUTING');
  const reached = postrouting && reachedFrom(ns, table, 'POSTROUTING');
  if (!reached) return undefined;
  const input = table.chains.has('INPUT') ? reachedFrom(ns, table, 'INPUT') : new Set<string>();
  if (!input) return undefined;
  for (const chain of table.chains.values()) {
    const rule = chain.policy === undefined && !reached.has(chain.name) && !input.has(chain.name) && translation(chain);
    // What was counted once was hooked once; without counters nobody knows.
    if (rule && chain.rules.every(({ counters }) => counters?.packets === 0)) return { postrouting, chain, rule };
  }
  return undefined;
};

/** A chain translates sources, and POSTROUTING does not lead to it: its rules have never been asked. It may be somebody's leftover, or what a failing flow lacks. */
export const sourceNatNotHooked: BundleCheck = {
  id: 'source-nat-not-hooked',
  needs: ['iptables-save'],
  detect: (network) =>
    [...network.namespaces.values()].flatMap((ns) =>
      ns.tables
        .filter(({ name }) => name === 'nat')
        .flatMap((table) => {
          const found = unhookedIn(ns, table);
          if (!found) return [];
          const { postrouting, chain, rule } = found;
          return [
            {
              confidence: 'likely' as const,
              node: ns.node,
              namespace: ns.name,
              at: 'POSTROUTING' as const,
              values: { chain: chain.name, target: rule.target?.name ?? '' },
              evidence: [...decisiveLine(postrouting), ...decisiveLine(chain, [chain.name]), ...decisiveLine(rule)],
            },
          ];
        }),
    ),
};
