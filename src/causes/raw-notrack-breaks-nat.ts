import type { Change } from '../network/change.ts';
import { knows, type NetNamespace } from '../network/namespace.ts';
import type { Step } from '../path/step.ts';
import type { NftRule, Rule } from '../records/iptables.ts';
import { namespaceId, proofsOf, stepsOf, textOf } from './ending.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from './facts/confidence.ts';
import { foundAt } from './facts/found.ts';
import { ruleAt } from './facts/rules.ts';
import type { Cause, Verdict } from './finding.ts';

/**
 * A rule of the raw table takes the packet out of connection tracking. Without an entry the nat table is never asked, and neither a service's translation nor the way back
 * of it happens.
 */
export const rawNotrackBreaksNat: Cause = {
  id: 'raw-notrack-breaks-nat',
  group: 'C',
  layer: 'conntrack',
  control: false,
  needs: ['iptables-save', 'conntrack', 'nft-ruleset'],
  references: ['net/netfilter/xt_CT.c: notrack_tg', 'net/netfilter/nf_nat_core.c: nf_nat_inet_fn'],
  explains: ['firewall-manager-flushed-rules'],
  detect: (context): readonly Verdict[] => {
    if (!isBroken(context) || context.branch.outcome === 'delivered') return [];
    for (const step of stepsOf(context)) {
      if (step.action.code !== 'notrack') continue;
      const ns = context.network.namespaces.get(namespaceId(step));
      if (!ns) continue;
      // NOTRACK does not end its chain: the chain's policy is the last thing that the step quotes.
      const placed = step.proofs.map((p) => ruleAt(ns, p.source)).find((r) => r && takesOut(r.rule));
      const nft = placed ? undefined : nftRuleOf(ns, step);
      const source = placed?.rule.source ?? nft?.source;
      if (!source) continue;
      const changes: readonly Change[] = [
        { namespace: ns.id, op: 'delete', what: placed ? 'iptables-rule' : 'nft-rule', source },
      ];
      const without = context.rewalk(changes).branches;
      if (!without.some((b) => b.outcome === 'delivered')) continue;
      const tracked = context.evidence.entries.some((e) => e.namespace === ns.id);
      if (tracked) continue;
      const tool = step.before.family === 4 ? 'iptables' : 'ip6tables';
      const chain = placed?.rule.chain ?? textOf(step, 'chain');
      return [
        foundAt(step, {
          confidence: knows(ns, 'conntrack') ? confidenceOfEnd(context) : weaker('likely', confidenceOfEnd(context)),
          values: { chain, src: step.before.src, dst: step.before.dst, port: step.before.dport ?? 0 },
          evidence: [
            { source, role: 'decisive', words: ['NOTRACK', 'notrack'] },
            ...proofsOf(step),
            ...symptomLines(context),
          ],
          fixes: [
            {
              id: 'track',
              commands: placed
                ? [{ node: ns.node, command: `${tool} -t raw -D ${chain} ${placed.rule.position}` }]
                : [],
              changes,
              values: { chain },
            },
          ],
        }),
      ];
    }
    return [];
  },
};

/** `-j NOTRACK`, `-j CT --notrack`. */
const takesOut = ({ target }: Rule): boolean =>
  target?.name === 'NOTRACK' || (target?.name === 'CT' && target.options.some((o) => o.flag === '--notrack'));

/** nftables' `notrack` among the lines that a step quotes. */
const nftRuleOf = (ns: NetNamespace, step: Step): NftRule | undefined =>
  ns.nftTables
    .flatMap((table) => [...table.chains.values()])
    .flatMap((chain) => chain.rules)
    .find(
      (rule) =>
        rule.statements.some((s) => s.kind === 'notrack') &&
        step.proofs.some((p) => p.source.file === rule.source.file && p.source.line === rule.source.line),
    );
