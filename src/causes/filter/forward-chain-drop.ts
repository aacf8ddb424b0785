import type { NetNamespace } from '../../network/namespace.ts';
import { lookupRoute } from '../../path/routing/lookup.ts';
import { prefixLength } from '../../tables/address.ts';
import { acceptFix as acceptOne } from '../facts/accept-fix.ts';
import { isBroken, weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, type Death, deathBy, deathFound } from '../facts/death.ts';
import { type DropRule, dropRuleOf, dropValues, hasOwnCause, removalFix } from '../facts/drop-rule.ts';
import { namespaceId } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Verdict } from '../facts/finding.ts';
import { undecided } from '../facts/found.ts';
import { testsInvalid } from '../facts/invalid-rule.ts';
import { hookOf, loggedRefusals, tellsInvalid } from '../facts/logged-refusal.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { rulesCaptured } from '../facts/rules.ts';

/**
 * The node's own firewall does not let the packet through FORWARD: its policy is DROP (Docker sets it) and nothing accepts the pod network, or a
 * firewall manager's rule drops it first. The node's own processes are not concerned, as they do not pass FORWARD.
 */
export const forwardChainDrop: Cause = {
  id: 'forward-chain-drop',
  group: 'B',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'nft-ruleset', 'tcpdump', 'dmesg'],
  references: [
    'net/netfilter/core.c: nf_hook_slow',
    'moby/moby: iptables FORWARD policy DROP since 1.13',
    'kubernetes/kubernetes#39823',
    'flannel-io/flannel#609',
  ],
  detect: (context) => {
    const death = deathBy(context, 'policy-drop', 'rule-drop', 'rule-reject');
    if (!death) return rulesUnknown(context);
    if (death.step.place !== 'FORWARD') return [];
    const ns = death.namespace;
    const drop = dropRuleOf(ns, death.step);
    if (hasOwnCause(drop) || testsInvalid(drop)) return [];
    // Packets inside a tunnel are the tunnel's: its port or protocol is blocked here.
    if (death.step.before.inner) return [];
    const walked = confidenceOfDeath(context, death);
    // A rule that never counted a packet did not drop this one, unless its counters were reset since.
    const uncounted = death.arrivals.length > 0 ? 'likely' : 'possible';
    return deathFound(context, death, {
      confidence: drop.packets === 0 ? weaker(uncounted, walked) : walked,
      values: { ...dropValues(drop), iif: ingressOf(death), oif: death.step.device ?? '' },
      words: [drop.isPolicy ? `FORWARD DROP` : drop.chain],
      fixes: [
        drop.nft ? acceptOne(ns, death.step, drop) : acceptFix(ns, death, drop),
        ...removalFix(ns, drop, 'remove-rule'),
      ],
    });
  },
  told: (context) => loggedRefusals(context, (sign) => hookOf(sign) === 'FORWARD' && !tellsInvalid(sign)),
};

/** The packet was seen to come to a node that forwards it and not to leave it, and the node's rules were not captured. */
const rulesUnknown = (context: CauseContext): readonly Verdict[] => {
  if (!isBroken(context) || context.branch.outcome !== 'delivered') return [];
  const { forward, reply } = context.branch;
  for (const { leg, step, at } of [forward, ...(reply ? [reply] : [])].flatMap((l) =>
    l.steps.map((s, i) => ({ leg: l, step: s, at: i })),
  )) {
    const ns = context.network.namespaces.get(namespaceId(step));
    if (ns?.name !== '' || step.place !== 'routing' || step.action.code !== 'forward' || step.before.inner) continue;
    if (rulesCaptured(ns)) continue;
    // Inside of a tunnel the packet leaves under another name.
    if (leg.steps.slice(at).some((s) => s.node === step.node && s.action.code.endsWith('-encapsulate'))) continue;
    const here = context.evidence.packets.filter((p) => p.namespace === ns.id && p.layer?.dst === step.before.dst);
    const came = here.some((p) => p.view.direction === 'in');
    const left = here.some((p) => p.view.direction === 'out');
    if (came && !left)
      return [undecided([{ kind: 'iptables-save', namespace: ns.id }], { src: step.before.src, dst: step.before.dst })];
  }
  return [];
};

const ingressOf = (death: Death): string => {
  const routed = death.leg.steps.findLast((s) => s.place === 'routing' && s !== death.step);
  return routed?.device ?? '';
};

/** The network that an address belongs to as the node's routes know it; the address alone where only a default route leads there. */
const networkOf = (ns: NetNamespace, family: 4 | 6, address: string): string => {
  const [answer] = lookupRoute(ns, {
    family,
    dst: address,
    src: undefined,
    iif: undefined,
    oif: undefined,
    mark: 0,
    proto: undefined,
    sport: undefined,
    dport: undefined,
    uid: undefined,
    tos: undefined,
  });
  const prefix = answer?.route?.prefix;
  return prefix !== undefined && (prefixLength(prefix) ?? 0) > 0 ? prefix : address;
};

/** Accepting rules for both directions before everything else. */
const acceptFix = (ns: NetNamespace, death: Death, drop: DropRule): Found['fixes'][number] => {
  const { family, src, dst } = death.step.before;
  const [from, to] = [networkOf(ns, family, src), networkOf(ns, family, dst)];
  const plain = {
    family,
    table: 'filter',
    chain: 'FORWARD',
    position: 1,
    target: 'ACCEPT',
    backend: drop.backend,
  } as const;
  const rules = [ruleChange(ns, { ...plain, src: from, dst: to }), ruleChange(ns, { ...plain, src: to, dst: from })];
  return {
    id: 'accept-networks',
    commands: rules.map(({ command }) => command),
    changes: rules.map(({ change }) => change),
    values: { from, to },
  };
};
