import type { NetNamespace } from '../../network/namespace.ts';
import type { Chain, Rule } from '../../records/iptables.ts';
import type { Source } from '../../records/source.ts';
import type { BundleCheck } from '../facts/finding.ts';

/** What a host sends itself comes first: what it refuses of strangers is everyday. */
const HOOKS = ['OUTPUT', 'FORWARD', 'INPUT'] as const;
type Hook = (typeof HOOKS)[number];

interface Counted {
  readonly hook: Hook;
  readonly packets: number;
  readonly source: Source;
  readonly policy: boolean;
}

const REFUSING: ReadonlySet<string> = new Set(['DROP', 'REJECT']);

/** The rule that refuses whatever comes to it, where it stands at the chain's end. */
const lastRefusal = ({ rules }: Chain): Rule | undefined => {
  const last = rules.at(-1);
  return last && last.matches.length === 0 && REFUSING.has(last.target?.name ?? '') ? last : undefined;
};

const countedIn = (ns: NetNamespace): readonly Counted[] =>
  HOOKS.flatMap((hook) =>
    ns.tables
      .filter(({ name }) => name === 'filter')
      .flatMap(({ chains }): readonly Counted[] => {
        const chain = chains.get(hook);
        if (!chain) return [];
        const rule = lastRefusal(chain);
        const byRule = rule?.counters?.packets ?? 0;
        const byPolicy = chain.policy === 'DROP' ? (chain.counters?.packets ?? 0) : 0;
        return [
          ...(byPolicy > 0 ? [{ hook, packets: byPolicy, source: chain.source, policy: true }] : []),
          ...(rule && byRule > 0 ? [{ hook, packets: byRule, source: rule.source, policy: false }] : []),
        ];
      }),
  );

/**
 * A chain's last word - its policy, or a rule for everything at its end - has refused packets since the counters were set to zero. Whose packets, and whether anybody misses
 * them, the counters do not tell.
 */
export const dropsCounted: BundleCheck = {
  id: 'drops-counted',
  needs: ['iptables-save'],
  detect: (network) =>
    [...network.namespaces.values()].flatMap((ns) => {
      const counted = countedIn(ns);
      const [first] = counted;
      if (!first) return [];
      return [
        {
          confidence: 'certain' as const,
          node: ns.node,
          namespace: ns.name,
          at: first.hook,
          values: {
            hook: first.hook,
            packets: first.packets,
            policy: first.policy,
            others: [...new Set(counted.slice(1).map(({ hook }) => hook))].filter((hook) => hook !== first.hook),
          },
          evidence: counted.map(({ source, packets, policy }, i) => ({
            source,
            role: i === 0 ? ('decisive' as const) : ('supporting' as const),
            words: policy ? [`${packets}`] : [],
          })),
        },
      ];
    }),
};
