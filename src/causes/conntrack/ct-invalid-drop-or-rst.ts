import type { NetNamespace } from '../../network/namespace.ts';
import { knows, sysctl } from '../../network/namespace.ts';
import { weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, deathBy, deathFound } from '../facts/death.ts';
import { dropRuleOf, dropValues, removalFix } from '../facts/drop-rule.ts';
import { decisiveLine, namespaceId, stepsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { testsInvalid } from '../facts/invalid-rule.ts';
import { loggedRefusals, tellsInvalid } from '../facts/logged-refusal.ts';
import { shell } from '../facts/shell.ts';

const LIBERAL = 'net.netfilter.nf_conntrack_tcp_be_liberal';

/**
 * Conntrack calls a packet INVALID: an answer whose request it never saw, or a segment outside of the window. A rule drops it (kube-proxy's
 * `--ctstate INVALID -j DROP`), or nobody translates it, so that it meets a stack that knows nothing of it and is reset.
 */
export const ctInvalidDropOrRst: Cause = {
  id: 'ct-invalid-drop-or-rst',
  group: 'B',
  layer: 'conntrack',
  control: false,
  needs: ['conntrack-stats', 'iptables-save', 'sysctl', 'tcpdump', 'dmesg'],
  references: [
    'net/netfilter/nf_conntrack_proto_tcp.c: tcp_new, tcp_in_window',
    'kubernetes/kubernetes#74839',
    'kubernetes/kubernetes#117924',
    'kubernetes/kubernetes PR#120412',
  ],
  detect: (context) => {
    const death = deathBy(context, 'rule-drop', 'rule-reject');
    if (!death) return resets(context);
    const ns = death.namespace;
    const drop = dropRuleOf(ns, death.step);
    if (!testsInvalid(drop)) return [];
    const invalid = invalidCount(ns);
    const walked = confidenceOfDeath(context, death);
    return deathFound(context, death, {
      confidence: drop.packets === 0 ? weaker('likely', walked) : walked,
      values: { ...dropValues(drop), variant: 'dropped', invalid: invalid?.value ?? 0 },
      words: ['INVALID', drop.chain],
      evidence: supportingLine(invalid, ['invalid=']),
      fixes: removalFix(ns, drop, 'remove-rule'),
    });
  },
  told: (context) => loggedRefusals(context, tellsInvalid, () => ({ variant: 'logged', invalid: 0 })),
};

const invalidCount = (ns: NetNamespace) => {
  const lines = ns.conntrackStats.filter((s) => (s.counters.get('invalid') ?? 0) > 0);
  const [first] = lines;
  return first && { source: first.source, value: lines.reduce((sum, s) => sum + (s.counters.get('invalid') ?? 0), 0) };
};

/**
 * The connection is established and then reset or stuck, and a namespace that translates it counts INVALID packets: those were sent on without translation.
 */
const resets = (context: CauseContext): readonly Verdict[] => {
  const { seen } = context.evidence;
  if (seen !== 'reset' && seen !== 'stalled') return [];
  if (context.branch.outcome !== 'delivered') return [];
  const translating = stepsOf(context).find(
    (s) => s.action.code === 'dnat' || s.action.code === 'masquerade' || s.action.code === 'snat',
  );
  const ns = translating && context.network.namespaces.get(namespaceId(translating));
  if (!ns) return [];
  const strangers = context.evidence.packets.filter(
    (p) => p.leg === 'reply' && p.layer?.tcpFlags === 'R' && p.layer.seq !== undefined && p.layer.seq > 1,
  );
  const invalid = invalidCount(ns);
  const liberal = sysctl(ns, LIBERAL);
  if (liberal?.value.trim() === '1') return [];
  if (!knows(ns, 'conntrack-stats'))
    return seen === 'reset' && strangers.length > 0
      ? [undecided([{ kind: 'conntrack-stats', namespace: ns.id }], { variant: 'untranslated' })]
      : [];
  if (!invalid || seen !== 'reset') return [];
  const command = shell`sysctl -w ${LIBERAL}=1`;
  return [
    {
      kind: 'found',
      confidence: strangers.length > 0 ? 'likely' : 'possible',
      node: ns.node,
      namespace: ns.name,
      at: 'PREROUTING',
      values: {
        variant: 'untranslated',
        invalid: invalid.value,
        chain: '',
        src: context.flow.question.src,
        dst: context.flow.question.dst,
      },
      evidence: [
        ...decisiveLine(invalid, ['invalid=']),
        ...supportingLine(liberal, [LIBERAL]),
        ...strangers.slice(0, 3).flatMap((p) => decisiveLine(p.view)),
      ],
      fixes: [{ id: 'be-liberal', commands: [commandIn(ns, command)], changes: [], values: { sysctl: LIBERAL } }],
    },
  ];
};
