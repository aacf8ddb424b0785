import type { Change } from '../../network/change.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { NftRule, Rule } from '../../records/iptables.ts';
import { isAt } from '../../records/source.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { deleteRule } from '../facts/delete-rule.ts';
import { namespaceId, proofsOf, stepsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { ruleAt, rulesCaptured } from '../facts/rules.ts';
import { kubeFront, runsPods } from '../facts/service.ts';
import { arrivalsAt, isSeenFailing } from '../facts/trace.ts';
import { translationsOf } from '../facts/translation.ts';

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
      const deletion = placed && deleteRule(ns, placed);
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
              commands: deletion === undefined ? [] : [commandIn(ns, deletion)],
              changes,
              values: { chain },
            },
          ],
        }),
      ];
    }
    return unlisted(context);
  },
};

/** The node that should translate a service was seen to take the packet in and tracks connections, but not this one; its rules were not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  const { dst, dport, proto } = context.flow.question;
  if (!isSeenFailing(context) || dport === undefined || translationsOf(context).length > 0) return [];
  const step = context.branch.forward.steps.find((s) => s.namespace === '' && s.place === 'routing');
  const ns = step && context.network.namespaces.get(namespaceId(step));
  if (
    !ns ||
    !runsPods(context.network, ns) ||
    rulesCaptured(ns) ||
    ns.services.length > 0 ||
    (ns.conntrack[0]?.count ?? 0) === 0
  )
    return [];
  if (!kubeFront(context.network, { proto, address: dst, port: dport }, false)) return [];
  const came = arrivalsAt(context, context.branch.forward, ns.id).some((p) => p.layer?.dst === dst);
  return came && !context.evidence.entries.some((e) => e.namespace === ns.id)
    ? [undecided([{ kind: 'iptables-save', namespace: ns.id }], { src: step.before.src, dst, port: dport })]
    : [];
};

/** `-j NOTRACK`, `-j CT --notrack`. */
const takesOut = ({ target }: Rule): boolean =>
  target?.name === 'NOTRACK' || (target?.name === 'CT' && target.options.some((o) => o.flag === '--notrack'));

/** nftables' `notrack` among the lines that a step quotes. */
const nftRuleOf = (ns: NetNamespace, step: Step): NftRule | undefined =>
  ns.nftTables
    .flatMap((table) => [...table.chains.values()])
    .flatMap((chain) => chain.rules)
    .find((rule) => rule.statements.some((s) => s.kind === 'notrack') && step.proofs.some((p) => isAt(rule, p.source)));
