import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import { isDefaultRule } from '../../path/routing/rules.ts';
import { tableName } from '../../path/routing/table-index.ts';
import type { Step } from '../../path/step.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import type { WalkBranch } from '../../path/walk-result.ts';
import type { RouteRule } from '../../records/route.ts';
import { confidenceOfEnd, contradicted, isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, stepsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Values, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { deleteRouteRule } from '../facts/route-rule-command.ts';
import { routeTo, ruleOfStep } from '../facts/route-search.ts';
import { isUnrouted } from '../facts/unrouted.ts';

/**
 * The first `ip rule` that matches sends the packet to another table than the one that would have led it to its destination, or refuses it. Whether that is
 * the fault is decided by walking the flow without the rule.
 */
export const policyRoutePrecedence: Cause = {
  id: 'policy-route-precedence',
  group: 'C',
  layer: 'route',
  control: false,
  needs: ['ip-rule', 'ip-route', 'tcpdump'],
  references: ['net/core/fib_rules.c: fib_rules_lookup', 'projectcalico/calico#9293'],
  explains: ['rp-filter-strict-drop', 'blackhole-or-unreachable-route', 'underlay-antispoof', 'podcidr-route-missing'],
  detect: (context): readonly Verdict[] => {
    // A walk that only trusts a gateway nobody knows has not delivered anything.
    if (!isBroken(context) || !(isLost(context.branch) || trustsGateway(context.branch))) return [];
    const tried = new Set<string>();
    for (const step of stepsOf(context).toReversed()) {
      if (step.place !== 'routing') continue;
      const ns = context.network.namespaces.get(namespaceId(step));
      const rule = ns && ruleOfStep(ns, step);
      if (!ns || !rule || isDefaultRule(rule) || rule.source.line === 0 || isOfGateway(ns, rule)) continue;
      const key = `${rule.source.file}:${rule.source.line}`;
      if (tried.has(key)) continue;
      tried.add(key);
      if (isUnrouted(step))
        return [
          undecided([{ kind: 'ip-route', namespace: ns.id }], { priority: rule.priority, table: rule.target ?? '' }),
        ];
      const found = blamed(context, ns, step, rule);
      if (found) return [found];
    }
    return [];
  },
};

const isLost = (branch: WalkBranch): boolean => branch.outcome !== 'delivered';
const trustsGateway = (branch: WalkBranch): boolean => branch.assumptions.some((a) => a.code === 'network-between');

/** Rules into the tables of gateways between clusters and sites, which have causes of their own. */
const isOfGateway = (ns: NetNamespace, rule: RouteRule): boolean =>
  (rule.target === '150' && ns.links.has('vx-submariner')) || (rule.target === '9027' && ns.links.has('raven0'));

/** Steps that say something of the way back to the packet's source. */
const REVERSE: ReadonlySet<string> = new Set<ActionCode>(['rp-filter', 'martian-source']);

const saysTheSame = (a: RouteRule, b: RouteRule): boolean => conditionsOf(a) === conditionsOf(b);
const conditionsOf = (rule: RouteRule): string => JSON.stringify({ ...rule, source: undefined, priority: undefined });

const blamed = (context: CauseContext, ns: NetNamespace, step: Step, rule: RouteRule): Found | undefined => {
  // A rule that was added twice is deleted twice.
  const same = ns.rules.filter((other) => saysTheSame(other, rule));
  const changes = same.map(({ source }): Change => ({ namespace: ns.id, op: 'delete', what: 'route-rule', source }));
  const without = context.rewalk(changes).branches;
  if (without.length === 0 || without.some((b) => isLost(b) || trustsGateway(b))) return undefined;
  // A source is refused by the route that would lead back to it.
  const towards = REVERSE.has(step.action.code) ? step.before.src : step.before.dst;
  const main = routeTo({ ...ns, rules: ns.rules.filter((r) => isDefaultRule(r)) }, towards);
  const taken = ns.routes.find(
    (r) =>
      tableName(r.table) === tableName(rule.target ?? '') &&
      step.proofs.some(({ source }) => source.file === r.source.file && source.line === r.source.line),
  );
  const values: Values = {
    priority: rule.priority,
    table: rule.target ?? '',
    action: rule.action,
    device: taken?.nextHops[0]?.dev ?? (REVERSE.has(step.action.code) ? '' : textOf(step, 'device')),
    mainDevice: main?.dev ?? '',
    src: step.before.src,
    dst: towards,
  };
  const walked = confidenceOfEnd(context);
  const deletions = same.map(deleteRouteRule);
  return foundAt(step, {
    confidence: walked === 'certain' && contradicted(context) ? 'likely' : walked,
    values,
    evidence: [
      ...decisiveLine(rule, [`${rule.priority}:`]),
      ...decisiveLine(main?.route),
      ...proofsOf(step),
      ...symptomLines(context),
    ],
    fixes: [
      {
        id: 'delete-rule',
        commands: deletions.every((one) => one !== undefined) ? deletions.map((one) => commandIn(ns, one)) : [],
        changes,
        values: { priority: rule.priority },
      },
    ],
  });
};
