import type { Rule, RuleTable } from '../../records/iptables.ts';
import type { Statement } from './chain-walk.ts';
import { unknown } from './matches/answer.ts';
import { ownerOfChain, type RuleOwner } from './owner.ts';
import type { Effect } from './targets/effect.ts';

/** Writers whose rules never hang on a device alone: where a listing shows no test in their chains, there is none. */
const WITHOUT_DEVICES: ReadonlySet<RuleOwner> = new Set<RuleOwner>(['kube-proxy', 'cni-portmap', 'nodelocaldns']);

/**
 * `iptables -L` without `-v` leaves devices out: `ACCEPT all anywhere anywhere` is as often `-i lo -j ACCEPT`. A rule of such a listing that
 * shows no test but would decide is undecided; the test to add to it, or undefined where the rule is what it looks like.
 */
export const hiddenTest = (rule: Rule, effect: Effect): Statement | undefined => {
  if (showsDevices(rule) || rule.matches.some((match) => match.name !== 'comment')) return undefined;
  if (effect.kind === 'jump' || effect.kind === 'goto') {
    if (WITHOUT_DEVICES.has(ownerOfChain(effect.chain, rule.comment))) return undefined;
  } else if (effect.kind === 'return') return undefined;
  if (WITHOUT_DEVICES.has(ownerOfChain(rule.chain, rule.comment))) return undefined;
  return {
    kind: 'test',
    name: 'listing',
    invert: false,
    key: () => `listing ${rule.chain} ${rule.position}`,
    matcher: ({ namespace }) => unknown('listing-without-devices', 'iptables-save', namespace),
  };
};

/** `-v` prints counters and devices together. */
const showsDevices = (rule: Rule): boolean => rule.counters !== undefined;

/** Whether a table comes from a listing that leaves devices out. */
export const lacksDevices = (table: RuleTable): boolean => {
  if (table.exact) return false;
  for (const { rules } of table.chains.values()) if (rules[0]) return !showsDevices(rules[0]);
  return false;
};
