import type { Rule } from '../../records/iptables.ts';
import type { DropRule } from './drop-rule.ts';

const STATES: ReadonlySet<string> = new Set(['--ctstate', '--state']);

const asksInvalid = (rule: Rule): boolean =>
  rule.matches.some((match) =>
    match.options.some(
      (o) => STATES.has(o.flag) && !o.invert && o.values.some((value) => value.split(',').includes('INVALID')),
    ),
  );

/** Whether the rule is about packets that conntrack calls INVALID. */
export const testsInvalid = (drop: Pick<DropRule, 'rule' | 'nft'>): boolean => {
  if (drop.rule) return asksInvalid(drop.rule);
  return /\bct state\b[^;]*\binvalid\b/.test(drop.nft?.rule?.text ?? '');
};
