import type { SeenEntry } from '../../evidence/observation.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain, type RuleOwner } from '../../path/netfilter/owner.ts';
import type { Backend, Rule, RuleTable } from '../../records/iptables.ts';
import { acceptFix } from '../facts/accept-fix.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, type Death, deathBy, deathFound } from '../facts/death.ts';
import { deleteRule } from '../facts/delete-rule.ts';
import { type DropRule, dropRuleOf, dropValues, isCatchAll, removalFix } from '../facts/drop-rule.ts';
import { decisiveLine, namespaceId, proofsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { isRuleEnd, ruleAt } from '../facts/rules.ts';
import { arrivalsAt, failsUnexplained, legsOf, wentOn } from '../facts/trace.ts';
import { translationsOf } from '../facts/translation.ts';

/** Writers of a cluster's own rules. The kubelet leaves its hint and canary chains in both backends on purpose. */
const CLUSTER: ReadonlySet<RuleOwner> = new Set<RuleOwner>([
  'kube-proxy',
  'kube-router',
  'calico',
  'flannel',
  'cilium',
  'cni-portmap',
  'antrea',
  'weave',
]);

/** Chains that a cluster's program filled, in a backend's tables. */
export const clusterChains = (
  ns: NetNamespace,
  backend: Backend,
  family: 4 | 6,
): readonly { readonly table: RuleTable; readonly chain: string }[] =>
  ns.tables
    .filter((t) => t.backend === backend && t.family === family)
    .flatMap((table) =>
      [...table.chains.values()]
        .filter(
          (chain) => chain.policy === undefined && chain.rules.length > 0 && CLUSTER.has(ownerOfChain(chain.name)),
        )
        .map((chain) => ({ table, chain: chain.name })),
    );

/**
 * The cluster's rules stand in both iptables backends. The kernel asks both, so that a rule that its writer no longer keeps up, in the backend that the
 * program of today does not look at, decides about the packet.
 */
export const iptablesBackendSplit: Cause = {
  id: 'iptables-backend-split',
  group: 'B',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'nft-ruleset'],
  references: [
    'kubernetes/kubernetes#71305',
    'kubernetes/kubernetes#112477',
    'cloudnativelabs/kube-router#1069',
    'cilium/cilium#28260',
  ],
  explains: [
    'forward-chain-drop',
    'networkpolicy-drop',
    'svc-no-endpoints',
    'calico-rpf-raw-drop',
    'ct-invalid-drop-or-rst',
    'ipvs-input-chain-drop',
    'lb-source-ranges-drop',
    'etp-local-iptables-no-local-ep',
  ],
  detect: (context) => {
    const death = deathBy(context);
    if (!death) return unlisted(context);
    return isRuleEnd(death.step) ? [...dropped(context, death)] : [...mistranslated(context)];
  },
};

/** Whether a program keeps filled chains in a backend. */
const keeps = (ns: NetNamespace, backend: Backend, family: 4 | 6, owner: RuleOwner) =>
  clusterChains(ns, backend, family).find(({ chain }) => ownerOfChain(chain) === owner);

const otherOf = (backend: Backend): Backend => (backend === 'legacy' ? 'nft' : 'legacy');

/** The drop stands in one backend, and the program that wrote it keeps chains in the other one too: two generations of it. */
const dropped = (context: CauseContext, death: Death): readonly Found[] => {
  const ns = death.namespace;
  const drop = dropRuleOf(ns, death.step);
  if (drop.backend === 'unknown' || drop.nft) return [];
  if (drop.isPolicy || !CLUSTER.has(drop.owner)) return overruled(context, death, drop);
  const other = otherOf(drop.backend);
  const here = keeps(ns, drop.backend, drop.family, drop.owner);
  const there = keeps(ns, other, drop.family, drop.owner);
  if (!here || !there) return [];
  const walked = confidenceOfDeath(context, death);
  return deathFound(context, death, {
    confidence: drop.packets === 0 ? weaker('likely', walked) : walked,
    values: { ...dropValues(drop), backend: drop.backend, other, variant: 'dropped' },
    words: [drop.chain],
    evidence: [...supportingLine(here.table), ...supportingLine(there.table)],
    fixes: removalFix(ns, drop, 'remove-stale', true),
  });
};

/**
 * Somebody else's drop (a policy, a host firewall) stands in one backend, and the cluster's rules that accept the packet in the other: an ACCEPT ends one
 * backend's table, not the other's. Where the cluster's rules stand in the backend of the drop too, it is a matter of their order there.
 */
const overruled = (context: CauseContext, death: Death, drop: DropRule): readonly Found[] => {
  const ns = death.namespace;
  const { backend, family, table } = drop;
  const other = otherOf(backend);
  if (table !== 'filter' || clusterChains(ns, backend, family).some((c) => c.table.name === 'filter')) return [];
  const accepting = clusterAccept(ns, other, family, death.step.place);
  // A policy, or the end of a firewall, stays: the packet is let through before it.
  const fixes = isCatchAll(drop) ? [acceptFix(ns, death.step, drop)] : removalFix(ns, drop, 'remove-stale');
  const changes = fixes[0]?.changes ?? [];
  if (!accepting || changes.length === 0) return [];
  // Where the bundle does not hold the rest of the way, to get past is all that can be shown.
  if (!context.rewalk(changes).branches.some((b) => b.outcome === 'delivered' || b.outcome === 'unknown')) return [];
  const walked = confidenceOfDeath(context, death);
  return deathFound(context, death, {
    confidence: drop.packets === 0 ? weaker('likely', walked) : walked,
    values: {
      ...dropValues(drop),
      backend,
      other,
      variant: 'overruled',
      writer: ownerOfChain(accepting.chain, accepting.comment),
      accepts: accepting.chain,
    },
    words: [drop.chain],
    evidence: decisiveLine(accepting, ['-j ACCEPT']),
    fixes,
  });
};

/** An ACCEPT of the cluster's in a backend's filter table that a packet at the hook may reach. */
const clusterAccept = (ns: NetNamespace, backend: Backend, family: 4 | 6, hook: string): Rule | undefined => {
  const table = ns.tables.find((t) => t.backend === backend && t.family === family && t.name === 'filter');
  const seen = new Set<string>();
  const search = (name: string): Rule | undefined => {
    const chain = table?.chains.get(name);
    if (!chain || seen.has(name)) return undefined;
    seen.add(name);
    for (const rule of chain.rules) {
      const target = rule.target?.name ?? '';
      const isAccept = target === 'ACCEPT' && CLUSTER.has(ownerOfChain(rule.chain, rule.comment));
      const found = isAccept ? rule : search(target);
      if (found) return found;
    }
    return undefined;
  };
  return search(hook);
};

/** A service was translated by one backend's rules to a server that does not answer; without that rule the other backend's rules translate it to one that does. */
const mistranslated = (context: CauseContext): readonly Found[] => {
  for (const translation of translationsOf(context)) {
    if (translation.by !== 'netfilter') continue;
    const ns = translation.namespace;
    const placed = translation.step.proofs
      .map((p) => ruleAt(ns, p.source))
      .find((r) => r?.rule.target?.name === 'DNAT');
    if (!placed || placed.table.backend === 'unknown') continue;
    const { family } = translation.step.before;
    const other = otherOf(placed.table.backend);
    const owner = ownerOfChain(placed.rule.chain, placed.rule.comment);
    const there = keeps(ns, other, family, owner);
    if (!there) continue;
    const jumps = translation.step.proofs
      .map((p) => ruleAt(ns, p.source))
      .filter((r) => r !== undefined && r.rule.target?.name !== 'DNAT' && r.table === placed.table);
    const entrance = jumps.find((r) => r?.rule.chain === translation.step.place)?.rule ?? placed.rule;
    const changes = [
      { namespace: ns.id, op: 'delete' as const, what: 'iptables-rule' as const, source: entrance.source },
    ];
    const outcomes = context.rewalk(changes).branches;
    if (!outcomes.some((b) => b.outcome === 'delivered')) continue;
    const deletion = deleteRule(ns, { table: placed.table, rule: entrance });
    return [
      foundAt(translation.step, {
        confidence: confidenceOfEnd(context),
        values: {
          backend: placed.table.backend,
          other,
          variant: 'translated',
          chain: placed.rule.chain,
          table: 'nat',
          counted: placed.rule.counters?.packets ?? 0,
          owner,
          virtual: translation.virtual,
          server: translation.server,
        },
        evidence: [
          ...proofsOf(translation.step, [translation.server]),
          ...supportingLine(there.table),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'remove-stale',
            commands: deletion === undefined ? [] : [commandIn(ns, deletion)],
            changes,
            values: { chain: entrance.chain, table: 'nat' },
          },
        ],
      }),
    ];
  }
  return [];
};

interface OneBackend {
  readonly backend: Backend;
  readonly other: Backend;
  /** What shows the other backend's rules. */
  readonly kind: 'iptables-save' | 'nft-ruleset';
}

/** The backend that holds the cluster's rules, where nobody captured the other one. */
const oneBackend = (ns: NetNamespace, family: 4 | 6): OneBackend | undefined => {
  const has = (backend: Backend): boolean => ns.tables.some((t) => t.backend === backend && t.family === family);
  const holds = (backend: Backend): boolean => clusterChains(ns, backend, family).length > 0;
  if (has('unknown')) return undefined;
  if (holds('legacy') && !has('nft') && !knows(ns, 'nft-ruleset'))
    return { backend: 'legacy', other: 'nft', kind: 'nft-ruleset' };
  return holds('nft') && !has('legacy') ? { backend: 'nft', other: 'legacy', kind: 'iptables-save' } : undefined;
};

/**
 * A node does what none of its captured rules does - it takes in a packet and does not send it on, or has translated it to another server - and only one backend's rules
 * were captured.
 */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  if (!failsUnexplained(context)) return [];
  for (const leg of legsOf(context))
    for (const step of leg.steps) {
      const ns = context.network.namespaces.get(namespaceId(step));
      const one = ns?.name === '' && !step.before.inner ? oneBackend(ns, step.before.family) : undefined;
      if (!ns || !one || step.place !== 'routing' || step.action.code !== 'forward') continue;
      const came = arrivalsAt(context, leg, ns.id).some(
        (p) => p.view.direction === 'in' && p.layer?.dst === step.before.dst,
      );
      const otherwise = context.evidence.entries.some((e) => e.namespace === ns.id && isElsewhere(context, e));
      if ((!came || wentOn(context, leg, step)) && !otherwise) continue;
      const { kind, backend, other } = one;
      return [undecided([{ kind, namespace: ns.id }], { backend, other, src: step.before.src, dst: step.before.dst })];
    }
  return [];
};

/** The entry of a fresh attempt is to a server that the walk's rules send nothing to. */
const isElsewhere = ({ branch }: CauseContext, { agrees, namespace, entry }: SeenEntry): boolean =>
  agrees === false &&
  entry.state === 'SYN_SENT' &&
  !branch.entries.get(namespace)?.some((predicted) => predicted.reply.src === entry.reply.src);
