import type { Change } from '../../network/change.ts';
import { ownerOfChain } from '../../path/netfilter/owner.ts';
import type { Step } from '../../path/step.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, namespaceId, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { isRuleEnd, ruleAt, rulesCaptured } from '../facts/rules.ts';
import { shell } from '../facts/shell.ts';
import { arrivalsAt, failsUnexplained, wentOn } from '../facts/trace.ts';

/**
 * A node on the way replaced the client's address by its own, and the firewall or policy behind it refuses that address. Without the
 * translation the packet passes: the walk is asked.
 */
export const sourceIpMaskedBreaksAcl: Cause = {
  id: 'source-ip-masked-breaks-acl',
  group: 'C',
  layer: 'nat',
  control: false,
  needs: ['iptables-save', 'nft-ruleset', 'conntrack', 'ipset'],
  references: [
    'https://kubernetes.io/docs/concepts/services-networking/network-policies/',
    'net/netfilter/nf_nat_masquerade.c',
  ],
  explains: ['networkpolicy-drop', 'forward-chain-drop', 'ipvs-input-chain-drop'],
  detect: (context) => {
    const ending = endingOf(context);
    if (failsUnexplained(context)) return unlisted(context);
    if (!ending || !isRuleEnd(ending.step) || ending.leg.direction !== 'forward' || context.evidence.seen === 'ok')
      return [];
    const { step: end } = ending;
    const masked = maskingStep(context, end);
    const ns = masked && context.network.namespaces.get(namespaceId(masked));
    if (!masked || !ns) return [];
    const rule = masked.proofs
      .map((p) => ruleAt(ns, p.source))
      .find((r) => /MASQUERADE|SNAT/.test(r?.rule.target?.name ?? ''));
    if (!rule) return [];
    const change: Change = { namespace: ns.id, op: 'delete', what: 'iptables-rule', source: rule.rule.source };
    const without = context.rewalk([change]).branches[0];
    const passes = without !== undefined && !without.forward.steps.some((s) => isSameEnd(s, end));
    if (!passes) return [];
    const owner = ownerOfChain(rule.rule.chain, rule.rule.comment);
    const entry = context.evidence.entries.find((e) => e.namespace === ns.id && e.entry.reply.dst === end.before.src);
    return [
      foundAt(end, {
        confidence: confidenceOfEnd(context),
        values: {
          client: masked.before.src,
          seenAs: end.before.src,
          via: ns.node,
          server: end.before.dst,
          port: end.before.dport ?? 0,
          chain: textOf(end, 'chain'),
          by: rule.rule.chain,
          owner,
        },
        evidence: [
          ...proofsOf(end),
          ...proofsOf(masked, ['MASQUERADE', 'SNAT']),
          ...decisiveLine(entry?.entry, [`dst=${end.before.src}`]),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'allow-translated-source',
            commands: [commandOn(end.node, shell`conntrack -L -d ${end.before.dst}`)],
            changes: [],
            values: { seenAs: end.before.src, client: masked.before.src },
          },
        ],
      }),
    ];
  },
};

/** The packet was seen to come to a node under the address that another node gave it, and not to go on; the rules there were not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  const leg = context.branch.forward;
  for (const step of leg.steps) {
    const ns = context.network.namespaces.get(namespaceId(step));
    const masked = maskingStep(context, step);
    if (!masked || masked.node === step.node || step.place !== 'routing' || ns?.name !== '' || step.before.inner)
      continue;
    if (rulesCaptured(ns) || wentOn(context, leg, step)) continue;
    if (!arrivalsAt(context, leg, ns.id).some((p) => p.layer?.src === step.before.src)) continue;
    const values = { client: masked.before.src, seenAs: step.before.src, via: masked.node };
    return [undecided([{ kind: 'iptables-save', namespace: ns.id }], values)];
  }
  return [];
};

const isSameEnd = (a: Step, end: Step): boolean =>
  namespaceId(a) === namespaceId(end) &&
  a.verdict !== 'continue' &&
  isRuleEnd(a) &&
  textOf(a, 'chain') === textOf(end, 'chain');

/** The translation that gave the packet the source under which it was refused. */
const maskingStep = (context: CauseContext, end: Step): Step | undefined =>
  context.branch.forward.steps.findLast(
    (s) =>
      (s.action.code === 'masquerade' || s.action.code === 'snat') &&
      s.before.src !== s.after.src &&
      s.after.src === end.before.src,
  );
