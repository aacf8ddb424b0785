import { knows } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { Leg } from '../../path/walk-result.ts';
import { weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, type Death, deathBy, deathFound, packetOf } from '../facts/death.ts';
import { dropRuleOf, removalFix } from '../facts/drop-rule.ts';
import { endingOf, namespaceId, numberOf, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Found, ToldContext, Undecided, Values } from '../facts/finding.ts';
import { undecided } from '../facts/found.ts';

/**
 * A router has to forward a packet that has no hop left, drops it and answers with ICMP time exceeded. A rule left it too few (`-j TTL`, `-j HL`), or it goes round: each of
 * two nodes has a route to the other for an address that neither has.
 */
export const ttlExpired: Cause = {
  id: 'ttl-expired',
  group: 'C',
  layer: 'route',
  control: false,
  needs: ['ip-route', 'iptables-save', 'tcpdump', 'probe'],
  references: [
    'net/ipv4/ip_forward.c: ip_forward',
    'net/ipv6/ip6_output.c: ip6_forward',
    'net/netfilter/xt_HL.c',
    'RFC 1812 5.3.1',
  ],
  detect: (context) => {
    const death = deathBy(context, 'ttl-expired', 'loop');
    if (!death) return unlisted(context);
    const changed = death.leg.steps.findLast((s) => s.action.code === 'ttl-changed');
    if (changed && (numberOf(changed, 'ttl') ?? 0) < (numberOf(changed, 'before') ?? 0))
      return byRule(context, death, changed);
    return death.code === 'loop' ? goingRound(context, death) : [];
  },
  told: (context) => saidByRouter(context),
};

/** What every finding tells. */
const NOTHING = {
  rule: false,
  loop: false,
  told: 0,
  chain: '',
  table: '',
  ttl: 0,
  had: 0,
  router: '',
  nodes: [] as readonly string[],
};

const byRule = (context: CauseContext, death: Death, changed: Step): readonly Found[] => {
  const ns = context.network.namespaces.get(namespaceId(changed));
  if (!ns) return [];
  const rule = dropRuleOf(ns, changed);
  const values: Values = {
    ...NOTHING,
    rule: true,
    chain: rule.chain,
    table: rule.table,
    ttl: numberOf(changed, 'ttl') ?? 0,
    had: numberOf(changed, 'before') ?? 0,
    router: death.step.node,
  };
  const walked = confidenceOfDeath(context, death);
  // A rule that never counted a packet did not touch this one, unless its counters were reset since.
  const uncounted = death.arrivals.length > 0 ? 'likely' : 'possible';
  // The rule is at fault, wherever the hops end.
  return deathFound(context, death, {
    confidence: rule.packets === 0 ? weaker(uncounted, walked) : walked,
    values,
    evidence: proofsOf(
      changed,
      [textOf(changed, 'target')].filter((word) => word !== ''),
    ),
    fixes: removalFix(ns, rule, 'remove-rule'),
  }).map(({ between: _, ...found }) => ({
    ...found,
    node: changed.node,
    namespace: changed.namespace,
    at: changed.place,
  }));
};

/** The last time that the packet was sent on by each of the namespaces that it came to more than once. */
const circleOf = ({ steps }: Leg, dst: string): readonly Step[] => {
  const sent = steps.filter((s) => s.action.code === 'forward' && s.before.dst === dst);
  const ids = sent.map(namespaceId);
  return sent.filter((s, i) => ids.lastIndexOf(namespaceId(s)) === i && ids.indexOf(namespaceId(s)) < i);
};

/** Both routes are told; which of them is wrong is not known, so that no change is offered. */
const goingRound = (context: CauseContext, death: Death): readonly Found[] => {
  const circle = circleOf(death.leg, death.step.before.dst);
  if (circle.length === 0 || circle.some((s) => s.proofs.length === 0)) return [];
  return deathFound(context, death, {
    values: { ...NOTHING, loop: true, nodes: circle.map(namespaceId) },
    evidence: circle.flatMap((s) => proofsOf(s)),
  });
};

/** Hops that only traceroute and its like leave a packet on purpose. */
const FEW_HOPS = 32;

/** ICMP time exceeded about the flow's packets, and what the client's tool said of it. */
const saidByRouter = ({ network, question, evidence }: ToldContext): readonly Found[] => {
  if (evidence.seen === 'ok') return [];
  const isTracing = evidence.packets.some(
    (p) =>
      p.leg === 'forward' && p.namespace === question.start && p.layer?.ttl !== undefined && p.layer.ttl < FEW_HOPS,
  );
  const errors = isTracing
    ? []
    : evidence.packets.filter((p) => p.leg === 'error' && p.layer?.icmp === 'time exceeded');
  const probes = evidence.probes.filter(({ probe }) => probe.outcome === 'ttl');
  const lines = [...errors.map((p) => (p.layer ?? p.view).source), ...probes.map(({ probe }) => probe.source)];
  const seenIn = errors[0]?.namespace ?? probes[0]?.namespace;
  const here = network.namespaces.get(seenIn ?? '');
  if (!here) return [];
  const { src, dst, dport, proto } = question;
  const router = errors[0]?.layer?.src ?? '';
  const [owner] = router === '' ? [] : network.owners(router);
  const place = owner
    ? { node: owner.namespace.node, namespace: owner.namespace.name }
    : { node: null, namespace: here.name, between: [here.node, dst] as const };
  return [
    {
      kind: 'found',
      confidence: 'likely',
      ...place,
      at: 'routing',
      values: { ...NOTHING, told: lines.length, router, src, dst, port: dport ?? 0, proto, seenArriving: 0 },
      evidence: lines
        .slice(0, 3)
        .map((source, i): EvidenceLine => ({ source, role: i === 0 ? 'decisive' : 'supporting' })),
      fixes: [],
    },
  ];
};

/** The client was told that the hops ended, and the walk takes for granted where nodes lead the packet whose routes were not captured: one of them may lead it back. */
const unlisted = (context: CauseContext): readonly Undecided[] => {
  if (saidByRouter({ ...context, question: context.flow.question }).length === 0) return [];
  const open = context.branch.assumptions.flatMap(({ missing }) =>
    missing?.kind === 'ip-route' ? [missing.namespace] : [],
  );
  const ending = endingOf(context);
  if (ending && !ending.namespace.imagined && !knows(ending.namespace, 'ip-route')) open.push(ending.namespace.id);
  if (!ending || open.length === 0) return [];
  const missing = [...new Set(open)].map((namespace) => ({ kind: 'ip-route' as const, namespace }));
  return [undecided(missing, packetOf(ending.step))];
};
