import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { Rule, Target } from '../../records/iptables.ts';
import { virtualHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { deleteRule, iptablesOf, ruleWords } from '../facts/delete-rule.ts';
import { decisiveLine, namespaceId, proofsOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Undecided } from '../facts/finding.ts';
import { commandIn, type FixCommand } from '../facts/fix-command.ts';
import { foundWhereItDies, undecided } from '../facts/found.ts';
import { ruleAt, rulesCaptured } from '../facts/rules.ts';
import { shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';

/**
 * kube-proxy marks a packet to be masqueraded. IPVS puts the translated packet into OUTPUT again, and there a rule that sets the whole mark wipes it off: the packet leaves
 * with the service's address as its source, which nobody answers to.
 */
export const markOverwriteLosesMasq: Cause = {
  id: 'mark-overwrite-loses-masq',
  group: 'C',
  layer: 'nat',
  control: false,
  needs: ['iptables-save', 'ipset', 'conntrack', 'ipvsadm'],
  references: [
    'net/netfilter/ipvs/ip_vs_xmit.c: ip_vs_nat_send_or_cont',
    'net/netfilter/xt_mark.c: mark_tg',
    'openyurtio/raven: pkg/networkengine/routedriver/vxlan',
  ],
  explains: [
    'ipvs-masq-missing-vip-source',
    'etp-local-hostnet-to-vip-src-is-vip',
    'etp-local-remote-rs-no-snat',
    'martian-source-is-local-vip',
    'return-path-bypasses-nat',
    'xfrm-out-policy-missing-plaintext',
    'vxlan-udp-blocked',
    'underlay-antispoof',
    'neigh-failed-next-hop',
  ],
  detect: (context) => {
    const unknown = unlisted(context);
    if (unknown) return [unknown];
    if (context.evidence.seen === 'ok' || context.branch.outcome === 'delivered') return [];
    const wiped = wipedMark(context);
    if (!wiped) return [];
    const { step, namespace: ns, marked, lost } = wiped;
    const rule = overwritingRule(ns, step);
    const entries = context.evidence.entries.filter(
      (e) => e.namespace === ns.id && e.entry.reply.dst === marked.before.src,
    );
    const end = confidenceOfEnd(context);
    return [
      foundWhereItDies(context, step, {
        confidence: entries.length > 0 ? end : weaker('likely', end),
        values: {
          virtual: marked.before.dst,
          port: marked.before.dport ?? 0,
          server: step.before.dst,
          src: step.before.src,
          sender: ns.node,
          lost: `0x${lost.toString(16)}`,
          before: `0x${step.before.mark.toString(16)}`,
          after: `0x${step.after.mark.toString(16)}`,
          chain: rule?.chain ?? '',
        },
        evidence: [
          ...proofsOf(step, ['MARK', '--set-xmark', '--set-mark']),
          ...proofsOf(marked, ['KUBE-MARK-MASQ', 'MARK']),
          ...entries.slice(0, 2).flatMap((e) => decisiveLine(e.entry, [`dst=${marked.before.src}`, '[UNREPLIED]'])),
          ...symptomLines(context),
        ],
        fixes: rule ? fixes(ns, rule) : [],
      }),
    ];
  },
};

/** IPVS translated the node's own packet, conntrack says that its virtual source was left to it, and the rules that mark and masquerade were not captured. */
const unlisted = (context: CauseContext): Undecided | undefined => {
  const step = context.branch.forward.steps.find(
    (s) => s.action.code === 'ipvs-dnat' && s.action.values.hook === 'OUTPUT',
  );
  const ns = step && context.network.namespaces.get(namespaceId(step));
  if (!step || !ns || !isSeenFailing(context) || rulesCaptured(ns)) return undefined;
  const { src, dst } = step.before;
  const bare = context.evidence.entries.some(
    ({ namespace, entry }) =>
      namespace === ns.id &&
      entry.unreplied &&
      entry.original.dst === dst &&
      entry.reply.dst === src &&
      entry.reply.src !== dst,
  );
  return bare && virtualHolding(ns, src)
    ? undecided([{ kind: 'iptables-save', namespace: ns.id }], { virtual: dst, src, sender: ns.node })
    : undefined;
};

/** A mark that the nat table set for the first name of the packet and that mangle OUTPUT takes off again behind IPVS. */
const wipedMark = (context: CauseContext) => {
  const { steps } = context.branch.forward;
  const translated = steps.findIndex((s) => s.action.code === 'ipvs-dnat' && s.action.values.hook === 'OUTPUT');
  if (translated < 0) return undefined;
  const marked = steps.slice(0, translated).findLast((s) => s.action.code === 'mark' && s.stage === 'nat');
  if (!marked) return undefined;
  const set = (marked.after.mark & ~marked.before.mark) >>> 0;
  const id = namespaceId(marked);
  const step = steps
    .slice(translated)
    .find((s) => namespaceId(s) === id && s.action.code === 'mark' && s.place === 'OUTPUT' && s.stage === 'mangle');
  const lost = step ? (set & step.before.mark & ~step.after.mark) >>> 0 : 0;
  const namespace = context.network.namespaces.get(id);
  if (!step || !namespace || lost === 0) return undefined;
  const changed = steps.some(
    (s) =>
      namespaceId(s) === id &&
      (s.action.code === 'masquerade' || s.action.code === 'snat') &&
      s.before.src !== s.after.src &&
      steps.indexOf(s) > steps.indexOf(step),
  );
  return changed ? undefined : { step, namespace, marked, lost };
};

const FLAGS: ReadonlySet<string> = new Set(['--set-mark', '--set-xmark']);

const overwritingRule = (ns: NetNamespace, step: Step): Rule | undefined =>
  step.proofs
    .flatMap((proof) => ruleAt(ns, proof.source) ?? [])
    .map(({ rule }) => rule)
    .find((rule) => rule.target?.name === 'MARK');

/** The same rule with the mark under its own mask. */
const fixes = (ns: NetNamespace, rule: Rule): Found['fixes'] => {
  const option = rule.target?.options.find((o) => FLAGS.has(o.flag));
  const value = option?.values[0]?.split('/')[0];
  if (!rule.target || value === undefined) return [];
  const masked = { flag: '--set-xmark', invert: false, values: [`${value}/${value}`] };
  return [
    {
      id: 'mask-mark',
      commands: commandsOf(ns, rule, { ...rule.target, options: [masked] }),
      changes: [
        { namespace: ns.id, op: 'delete', what: 'iptables-rule', source: rule.source },
        {
          namespace: ns.id,
          op: 'add',
          what: 'iptables-rule',
          family: 4,
          table: 'mangle',
          chain: rule.chain,
          position: rule.position,
          record: {
            matches: rule.matches,
            target: { ...rule.target, options: [masked] },
            counters: undefined,
            comment: rule.comment,
          },
        },
      ],
      values: { mark: value, chain: rule.chain },
    },
  ];
};

/** The new rule in the old one's place, then the old one taken out: at no moment is there none. */
const commandsOf = (ns: NetNamespace, rule: Rule, target: Target): readonly FixCommand[] => {
  const table = ns.tables.find((t) => t.chains.get(rule.chain)?.rules.includes(rule));
  const words = ruleWords({ matches: rule.matches, target });
  const deletion = table && deleteRule(ns, { table, rule });
  if (!table || !words || deletion === undefined) return [];
  const insertion = shell`${iptablesOf(ns, table)} -t mangle -I ${rule.chain} ${rule.position} ${words}`;
  return [commandIn(ns, insertion), commandIn(ns, deletion)];
};
