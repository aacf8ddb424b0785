import type { Rule } from '../records/iptables.ts';
import { weaker } from './facts/confidence.ts';
import { confidenceOfDeath, deathBy, deathFound } from './facts/death.ts';
import { type DropRule, dropRuleOf, dropValues, removalFix } from './facts/drop-rule.ts';
import type { Cause } from './finding.ts';

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
  needs: ['iptables-save', 'ip-route', 'tcpdump'],
  references: ['net/ipv4/netfilter/ipt_rpfilter.c: rpfilter_mt', 'projectcalico/calico#4630'],
  detect: (context) => {
    const death = deathBy(context, 'rule-drop');
    if (death?.step.place !== 'PREROUTING') return [];
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
