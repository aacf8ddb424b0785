import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain, type RuleOwner } from '../../path/netfilter/owner.ts';
import { policyNameOf } from '../../path/netfilter/subject.ts';
import type { Packet } from '../../path/packet.ts';
import type { IpSet } from '../../records/ipset.ts';
import type { Rule, RuleTable } from '../../records/iptables.ts';
import { prefixContains } from '../../tables/address.ts';
import { weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, type Death, deathBy, deathFound } from '../facts/death.ts';
import { type DropRule, dropRuleOf, dropValues, removalFix } from '../facts/drop-rule.ts';
import { namespaceId } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Verdict } from '../facts/finding.ts';
import { undecided } from '../facts/found.ts';
import { testsInvalid } from '../facts/invalid-rule.ts';
import { optionsOf, rulesCaptured } from '../facts/rules.ts';
import { memberAdded } from '../facts/set-member.ts';
import { failsUnexplained, legsOf, mayEndAt } from '../facts/trace.ts';

/** Programs that carry out network policies with netfilter rules. */
const ENGINES: ReadonlySet<RuleOwner> = new Set<RuleOwner>([
  'calico',
  'kube-router',
  'cilium',
  'antrea',
  'weave',
  'kube-ovn',
  'ovn-kubernetes',
  'terway',
]);
/** Chains of these programs that drop for another reason than a policy: reverse path filtering, service addresses. */
const NOT_POLICIES = /rpf|^KUBE-ROUTER-SERVICES$|^cali-(wl-to-host-deny|set-endpoint-mark)/i;

/**
 * A network policy's engine drops the packet behind the service's translation: the pod is selected by a policy, and no rule of it admits this peer
 * under the source address that the packet has here.
 */
export const networkpolicyDrop: Cause = {
  id: 'networkpolicy-drop',
  group: 'B',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'ipset', 'nft-ruleset', 'tcpdump'],
  references: [
    'net/netfilter/xt_set.c: set_match_v4',
    'projectcalico/felix: rules/endpoints.go',
    'cloudnativelabs/kube-router: pkg/controllers/netpol',
    'kubernetes.io: Network Policies',
  ],
  detect: (context) => {
    const death = deathBy(context, 'rule-drop', 'rule-reject');
    if (!death) return unlisted(context);
    const ns = death.namespace;
    const drop = dropRuleOf(ns, death.step);
    if (!isPolicy(drop) || death.step.before.inner) return [];
    const admitting = admittingSets(ns, drop, death.step.before);
    const walked = confidenceOfDeath(context, death);
    const fix = membership(context, ns, admitting, death.step.before);
    return deathFound(context, death, {
      confidence: drop.packets === 0 ? weaker(death.arrivals.length > 0 ? 'likely' : 'possible', walked) : walked,
      values: {
        ...dropValues(drop),
        ...subjectOf(death, drop),
        sets: admitting.map(({ set }) => set.name),
        peer: death.step.before.src,
      },
      words: [drop.chain, drop.comment, drop.rule?.target?.name ?? ''].filter((word) => word !== ''),
      evidence: [],
      fixes: [...fix, ...removalFix(ns, drop, 'remove-rule').map((f) => ({ ...f, id: 'without-rule' }))],
    }).map((found) => ({
      ...found,
      evidence: [
        ...found.evidence,
        ...admitting.map(({ set }) => ({ source: set.source, role: 'supporting' as const, words: [set.name] })),
      ],
    }));
  },
};

/** An engine's own devices (Calico's veths) or sets: it runs here, whatever was captured of its rules. */
const runsEngine = (ns: NetNamespace): boolean =>
  [...ns.links.keys()].some((name) => /^cali[0-9a-f]{11}$/.test(name)) ||
  [...ns.sets.keys()].some((name) => ENGINES.has(ownerOfChain(name)));

/** A failing flow's last trace is before a node that carries out policies, and the rules of that node were not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  if (!failsUnexplained(context)) return [];
  for (const leg of legsOf(context))
    for (const step of leg.steps) {
      const ns = context.network.namespaces.get(namespaceId(step));
      if (step.place !== 'routing' || step.action.code !== 'forward' || step.before.inner || ns?.name !== '') continue;
      if (rulesCaptured(ns) || !runsEngine(ns) || !mayEndAt(context, leg, step)) continue;
      const values = { peer: step.before.src, dst: step.before.dst, port: step.before.dport ?? 0 };
      return [undecided([{ kind: 'iptables-save', namespace: ns.id }], values)];
    }
  return [];
};

const isPolicy = (drop: DropRule): boolean =>
  ENGINES.has(drop.owner) && !NOT_POLICIES.test(drop.chain) && !testsInvalid(drop) && drop.table !== 'raw';

/** The policy or pod whose rules these are, where their names or comments tell; the direction as the pod sees it. */
const subjectOf = (death: Death, drop: DropRule): { policy: string; direction: string } => {
  const named = policyNameOf([
    ...drop.path.map((chain) => ({
      chain,
      source: { file: '', line: 0 },
      position: 0,
      packets: undefined,
      comment: undefined,
      target: undefined,
    })),
    {
      chain: drop.chain,
      source: { file: '', line: 0 },
      position: drop.position,
      packets: drop.packets,
      comment: drop.comment,
      target: undefined,
    },
  ]);
  const chains = [...drop.path, drop.chain].join(' ');
  const direction = /cali-(to-wl|tw|pi)|-ingress/i.test(chains)
    ? 'ingress'
    : /cali-(from-wl|fw|po)|-egress/i.test(chains)
      ? 'egress'
      : '';
  const name = named ? (named.namespace === undefined ? named.name : `${named.namespace}/${named.name}`) : '';
  return { policy: name, direction: death.leg.direction === 'forward' ? direction : '' };
};

interface Admitting {
  readonly set: IpSet;
  /** Which of the packet's addresses the rule looks up. */
  readonly side: 'src' | 'dst';
}

const DEPTH = 4;
const MAX_SETS = 6;

/** Sets that rules before the drop ask for the packet's address and that do not hold it: membership would admit the packet. */
const admittingSets = (ns: NetNamespace, drop: DropRule, packet: Packet): readonly Admitting[] => {
  const table = ns.tables.find(
    (t) => t.family === drop.family && t.chains.get(drop.chain)?.rules.some((r) => r === drop.rule),
  );
  if (!table || !drop.rule) return [];
  const found = new Map<string, Admitting>();
  const visit = (rules: readonly Rule[], depth: number): void => {
    for (const rule of rules) {
      for (const [name = '', sides = ''] of optionsOf(rule, '--match-set')) {
        const set = ns.sets.get(name);
        const [side] = sides.split(',');
        if (!set || (side !== 'src' && side !== 'dst') || !/^hash:(ip|net)$/.test(set.type)) continue;
        if (!holds(set, side === 'src' ? packet.src : packet.dst)) found.set(`${name} ${side}`, { set, side });
      }
      const next = rule.target && table.chains.get(rule.target.name);
      if (next && depth > 0) visit(next.rules, depth - 1);
    }
  };
  visit(rulesBefore(table, drop), DEPTH);
  return [...found.values()].slice(0, MAX_SETS);
};

const rulesBefore = (table: RuleTable, drop: DropRule): readonly Rule[] =>
  (table.chains.get(drop.chain)?.rules ?? []).filter((rule) => rule.position < drop.position);

const holds = (set: IpSet, address: string): boolean =>
  set.members.some(
    ({ parts: [part = ''] }) => part === address || (part.includes('/') && prefixContains(part, address)),
  );

/** The one membership that the walk shows to admit the packet. */
const membership = (
  context: CauseContext,
  ns: NetNamespace,
  admitting: readonly Admitting[],
  packet: Packet,
): Found['fixes'] => {
  for (const { set, side } of admitting) {
    const address = side === 'src' ? packet.src : packet.dst;
    const change: Change = memberAdded(ns, set.name, [address]);
    if (context.rewalk([change]).branches[0]?.outcome !== 'delivered') continue;
    return [
      {
        id: 'admit-peer',
        commands: [],
        changes: [change],
        values: { set: set.name, peer: address },
      },
    ];
  }
  return [];
};
