import type { Change } from '../../network/change.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { NftRule, Rule } from '../../records/iptables.ts';
import { isAt, type Source } from '../../records/source.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { deleteRule } from '../facts/delete-rule.ts';
import { namespaceId, proofsOf, stepsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Confidence, EvidenceLine, Found, Verdict } from '../facts/finding.ts';
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
      const rule = ruleOf(context, step);
      if (!rule || !context.rewalk(rule.changes).branches.some((b) => b.outcome === 'delivered')) continue;
      const end = confidenceOfEnd(context);
      return [foundBy(context, step, rule, knows(rule.ns, 'conntrack') ? end : weaker('likely', end), [])];
    }
    return [...untranslated(context), ...unlisted(context)].slice(0, 1);
  },
};

/** A rule by which a step took its packet out of tracking. */
interface Untracking {
  readonly ns: NetNamespace;
  readonly source: Source;
  readonly chain: string;
  /** The rule taken out. */
  readonly changes: readonly Change[];
  readonly commands: Found['fixes'][number]['commands'];
}

/** Undefined where the step is none of that kind, or where an entry shows that the flow is tracked. */
const ruleOf = (context: CauseContext, step: Step): Untracking | undefined => {
  const ns = step.action.code === 'notrack' ? context.network.namespaces.get(namespaceId(step)) : undefined;
  if (!ns || context.evidence.entries.some((e) => e.namespace === ns.id)) return undefined;
  // NOTRACK does not end its chain: the chain's policy is the last thing that the step quotes.
  const placed = step.proofs.map((p) => ruleAt(ns, p.source)).find((r) => r && takesOut(r.rule));
  const source = placed?.rule.source ?? nftRuleOf(ns, step)?.source;
  if (!source) return undefined;
  const deletion = placed && deleteRule(ns, placed);
  return {
    ns,
    source,
    chain: placed?.rule.chain ?? textOf(step, 'chain'),
    changes: [{ namespace: ns.id, op: 'delete', what: placed ? 'iptables-rule' : 'nft-rule', source }],
    commands: deletion === undefined ? [] : [commandIn(ns, deletion)],
  };
};

const foundBy = (
  context: CauseContext,
  step: Step,
  { source, chain, changes, commands }: Untracking,
  confidence: Confidence,
  translating: readonly EvidenceLine[],
): Found => {
  const { src, dst, dport } = step.before;
  return foundAt(step, {
    confidence,
    values: { chain, src, dst, port: dport ?? 0, untranslated: translating.length > 0 },
    evidence: [
      { source, role: 'decisive', words: ['NOTRACK', 'notrack'] },
      ...translating,
      ...proofsOf(step),
      ...symptomLines(context),
    ],
    fixes: [{ id: 'track', commands, changes, values: { chain } }],
  });
};

/** The walk does not come to an end; on one of its ways the packet leaves under its own source, which a rule would translate if it were tracked. */
const untranslated = (context: CauseContext): readonly Verdict[] => {
  for (const { forward } of context.flow.branches) {
    if (forward.end.reason !== 'not-followed') continue;
    for (const step of forward.steps) {
      const rule = ruleOf(context, step);
      if (!rule || sourceTranslation(forward.steps, rule.ns)) continue;
      const translating = context
        .rewalk(rule.changes)
        .branches.map((b) => sourceTranslation(b.forward.steps, rule.ns))
        .find((found) => found !== undefined);
      if (translating) return [foundBy(context, step, rule, 'possible', proofsOf(translating))];
    }
  }
  return [];
};

/** The step at which a namespace gives the packet another source, be it one that the bundle does not tell. */
const sourceTranslation = (steps: readonly Step[], ns: NetNamespace): Step | undefined =>
  steps.find(
    (step) =>
      namespaceId(step) === ns.id &&
      (((step.action.code === 'masquerade' || step.action.code === 'snat') && step.before.src !== step.after.src) ||
        (step.action.code === 'not-followed' && step.action.values.why === 'address')),
  );

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
