import type { NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain } from '../../path/netfilter/owner.ts';
import { lookupRoute } from '../../path/routing/lookup.ts';
import type { Rule } from '../../records/iptables.ts';
import { weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, deathBy, deathFound } from '../facts/death.ts';
import { type DropRule, dropRuleOf, dropValues, removalFix } from '../facts/drop-rule.ts';
import { namespaceId, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { undecided } from '../facts/found.ts';
import { rulesCaptured } from '../facts/rules.ts';
import { failsUnexplained, legsOf, mayEndAt } from '../facts/trace.ts';

const hasReversePathTest = (rule: Rule | undefined): boolean =>
  rule?.matches.some((match) => match.name === 'rpfilter') ?? false;

const isReversePath = (drop: DropRule): boolean =>
  hasReversePathTest(drop.rule) ||
  /\bfib saddr\b[^;]*\boif\b/.test(drop.nft?.rule?.text ?? '') ||
  /(^|-)rpf/i.test(drop.chain);

/**
 * A rule of the raw (or mangle) table tests the reverse path itself, whatever `rp_filter` says: Calico's Felix drops what a workload sends under a
 * source that no route leads back to by the workload's own device; firewalld has such a rule for IPv6.
 */
export const calicoRpfRawDrop: Cause = {
  id: 'calico-rpf-raw-drop',
  group: 'C',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'ip-route', 'tcpdump', 'ipset'],
  references: ['net/ipv4/netfilter/ipt_rpfilter.c: rpfilter_mt', 'projectcalico/calico#4630'],
  detect: (context) => {
    const death = deathBy(context, 'rule-drop');
    if (!death) return unlisted(context);
    if (death.step.place !== 'PREROUTING') return [];
    const drop = dropRuleOf(death.namespace, death.step);
    if (!isReversePath(drop)) return [];
    const walked = confidenceOfDeath(context, death);
    return deathFound(context, death, {
      confidence: drop.packets === 0 ? weaker('likely', walked) : walked,
      values: { ...dropValues(drop), device: death.step.device ?? '' },
      words: ['rpfilter', drop.chain],
      fixes: removalFix(death.namespace, drop, 'remove-rule'),
    });
  },
};

/** Calico runs on a node whose rules were not captured, a failing flow comes in by another device than the one that leads back to its source, and nothing of it was seen behind. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  if (!failsUnexplained(context)) return [];
  for (const leg of legsOf(context))
    for (const step of leg.steps) {
      const ns = context.network.namespaces.get(namespaceId(step));
      if (step.place !== 'routing' || step.action.code !== 'forward' || ns?.name !== '' || step.before.inner) continue;
      if (rulesCaptured(ns) || !runsCalico(ns) || !mayEndAt(context, leg, step)) continue;
      const device = textOf(step, 'iif');
      const { family, src, dst } = step.before;
      const back = lookupRoute(ns, {
        ...{ family, dst: src, src: dst, iif: undefined, oif: undefined, mark: 0 },
        ...{ proto: undefined, sport: undefined, dport: undefined, uid: undefined, tos: undefined },
      })[0];
      if (device === '' || back?.dev === undefined || back.dev === device) continue;
      return [undecided([{ kind: 'iptables-save', namespace: ns.id }], { src, device, reverse: back.dev })];
    }
  return [];
};

const runsCalico = (ns: NetNamespace): boolean =>
  [...ns.links.keys()].some((name) => /^cali[0-9a-f]{11}$/.test(name)) ||
  [...ns.sets.keys()].some((name) => ownerOfChain(name) === 'calico');
