import type { Rule, Target } from '../../../records/iptables.ts';
import type { TakenCode } from '../../vocabulary/assumptions.ts';
import type { HookQuestion, NatTarget, TableOutcome } from '../outcome.ts';
import type { Traversal } from '../traversal.ts';

/** How a rule ends its table. */
export interface Ending {
  readonly verdict: TableOutcome['verdict'];
  readonly rejectWith?: string;
  readonly nat?: NatTarget;
  readonly tproxy?: NonNullable<TableOutcome['tproxy']>;
}

/** What a target does to a packet that matched. */
export type Effect =
  /** Goes on with the next rule, the branch changed or not. */
  | {
      readonly kind: 'change';
      readonly apply: (branch: Traversal, question: HookQuestion) => Traversal;
    }
  | {
      readonly kind: 'end';
      readonly ending: Ending;
      readonly apply?: (branch: Traversal, question: HookQuestion) => Traversal;
    }
  | { readonly kind: 'return' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** Nothing that the walk follows: the rule only counts, logs, or changes what no later step uses. */
  | { readonly kind: 'nothing' }
  /** What it does is not modelled: the traversal goes on under an assumption. */
  | { readonly kind: 'unknown'; readonly code: TakenCode };

export type TargetCompiler = (target: Target, family: 4 | 6, rule: Rule) => Effect;

export const NOTHING: Effect = { kind: 'nothing' };
