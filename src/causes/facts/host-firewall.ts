import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { Place } from '../../path/vocabulary/places.ts';
import { acceptFix } from './accept-fix.ts';
import { isBroken, weaker } from './confidence.ts';
import { confidenceOfDeath, type Death, deathBy, deathFound } from './death.ts';
import { type DropRule, dropRuleOf, dropValues, hasOwnCause, removalFix } from './drop-rule.ts';
import { namespaceId } from './ending.ts';
import type { CauseContext, Found, Undecided } from './finding.ts';
import { undecided } from './found.ts';
import { testsInvalid } from './invalid-rule.ts';
import { rulesCaptured } from './rules.ts';

/** A rule or policy of the host's own firewall at these hooks ends the packet; undefined where the end is another cause's. */
export const hostFirewallDeath = (
  context: CauseContext,
  places: readonly Place[],
): { readonly death: Death; readonly drop: DropRule } | undefined => {
  const death = deathBy(context, 'policy-drop', 'rule-drop', 'rule-reject');
  // Packets inside a tunnel are the tunnel's: its port or protocol is blocked here.
  if (!death || !places.includes(death.step.place) || death.step.before.inner) return undefined;
  const drop = dropRuleOf(death.namespace, death.step);
  return hasOwnCause(drop) || testsInvalid(drop) ? undefined : { death, drop };
};

/** The finding at a host's own firewall: the permission that is missing is put before the rule; the last catch-all stays. */
export const hostFirewallFound = (context: CauseContext, death: Death, drop: DropRule): readonly Found[] => {
  const walked = confidenceOfDeath(context, death);
  // A rule that never counted a packet did not drop this one, unless its counters were reset since.
  const uncounted = death.arrivals.length > 0 ? 'likely' : 'possible';
  return deathFound(context, death, {
    confidence: drop.packets === 0 ? weaker(uncounted, walked) : walked,
    values: { ...dropValues(drop), iif: death.leg.steps.findLast((s) => s.place === 'routing')?.device ?? '', oif: '' },
    words: [drop.isPolicy ? 'DROP' : drop.chain],
    fixes: permission(death, drop),
  });
};

/** The missing permission before the rule; to take the rule out only where it was written about somebody in particular: the last catch-all guards the whole host. */
export const permission = ({ namespace, step, leg }: Death, drop: DropRule): Found['fixes'] =>
  permissionAt(namespace, step, drop, leg.direction === 'reply' || step.before.tcp === 'syn-ack');

/** The same for a packet that was walked by itself. */
export const permissionAt = (ns: NetNamespace, step: Step, drop: DropRule, isAnswer = false): Found['fixes'] => {
  const isNarrow = drop.rule?.matches.some((m) => NAMES_THE_FLOW.has(m.name)) === true;
  return [acceptFix(ns, step, drop, isAnswer), ...(isNarrow ? removalFix(ns, drop, 'remove-rule') : [])];
};

/** Matches of a rule that was written about somebody in particular. */
const NAMES_THE_FLOW: ReadonlySet<string> = new Set(['source', 'destination', 'set', 'iprange']);

/** The packet was seen at the host, nothing of it was seen behind the hook, and the host's rules were not captured. */
export const rulesWouldDecide = (context: CauseContext, hook: 'INPUT' | 'OUTPUT'): readonly Undecided[] => {
  if (!isBroken(context) || context.evidence.seen === 'refused' || context.evidence.seen === 'reset') return [];
  const ns = hook === 'INPUT' ? receiverOf(context) : senderOf(context);
  if (!ns || rulesCaptured(ns)) return [];
  const here = context.evidence.packets.filter((p) => p.namespace === ns.id && p.leg !== 'error');
  const came = here.some((p) => p.leg === 'forward' && p.view.direction !== 'out');
  const left = here.some((p) => p.leg === 'reply' && p.view.direction !== 'in');
  const swallowed = hook === 'INPUT' ? came && !left : came && !here.some((p) => p.view.direction === 'out');
  const { src, dst } = context.flow.question;
  return swallowed ? [undecided([{ kind: 'iptables-save', namespace: ns.id }], { src, dst })] : [];
};

const receiverOf = ({ network, branch }: CauseContext): NetNamespace | undefined => {
  const last = branch.forward.steps.at(-1);
  return branch.forward.end.outcome === 'delivered' && last ? network.namespaces.get(namespaceId(last)) : undefined;
};

const senderOf = ({ network, flow }: CauseContext): NetNamespace | undefined =>
  network.namespaces.get(flow.question.start ?? '');
