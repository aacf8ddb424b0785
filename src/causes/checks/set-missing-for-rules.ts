import { knows } from '../../network/namespace.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { BundleCheck } from '../facts/finding.ts';
import { optionsOf } from '../facts/rules.ts';

/**
 * Rules name sets that the node's `ipset list` does not show. The kernel keeps a set for as long as a rule refers to it, so the listing is not whole, or comes
 * from another namespace or moment: what those rules do is open.
 */
export const setMissingForRules: BundleCheck = {
  id: 'set-missing-for-rules',
  needs: ['iptables-save', 'ipset'],
  detect: (network) =>
    [...network.namespaces.values()].flatMap((ns) => {
      if (!knows(ns, 'ipset')) return [];
      const missing = new Map(
        ns.tables.flatMap((table) =>
          [...table.chains.values()].flatMap((chain) =>
            chain.rules.flatMap((rule) =>
              optionsOf(rule, '--match-set').flatMap(([name]) =>
                name === undefined || ns.sets.has(name) ? [] : [[name, rule] as const],
              ),
            ),
          ),
        ),
      );
      const names = [...missing.keys()].sort();
      if (names.length === 0) return [];
      return [
        {
          confidence: 'certain' as const,
          node: ns.node,
          namespace: ns.name,
          at: 'PREROUTING',
          values: { count: names.length, first: names[0] ?? '', sets: names },
          evidence: [...missing].slice(0, 3).flatMap(([name, rule]) => decisiveLine(rule, [name])),
        },
      ];
    }),
};
