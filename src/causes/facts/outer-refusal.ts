import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { type DropRule, dropRuleOf } from './drop-rule.ts';
import { namespaceId } from './ending.ts';
import type { CauseContext } from './finding.ts';
import { isRuleEnd } from './rules.ts';

/** A rule or policy at which a tunnel's outer packets die. */
export interface OuterRefusal {
  readonly step: Step;
  readonly namespace: NetNamespace;
  readonly drop: DropRule;
  /** Nothing was taken for granted on the way there. */
  readonly isExamined: boolean;
}

/** Walks a UDP tunnel's outer packet by itself: what no packet of the flow enters, because its neighbour is asked for in there, is refused as this is. */
export const outerRefusal = (
  { walk, network }: CauseContext,
  sender: NetNamespace,
  outer: { readonly src: string; readonly dst: string; readonly port: number },
): OuterRefusal | undefined => {
  const { src, dst, port } = outer;
  const walked = walk({ proto: 'udp', src, dst, sport: undefined, dport: port, start: sender.id });
  const [branch] = walked.branches;
  const step = branch?.forward.steps.at(-1);
  const namespace = step && network.namespaces.get(namespaceId(step));
  if (!branch || !step || !namespace || !isRuleEnd(step)) return undefined;
  if (walked.branches.some((other) => other.forward.end.outcome === 'delivered')) return undefined;
  return { step, namespace, drop: dropRuleOf(namespace, step), isExamined: branch.assumptions.length === 0 };
};
