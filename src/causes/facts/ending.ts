import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { ActionValue } from '../../path/vocabulary/actions.ts';
import { decidingLeg, type Leg } from '../../path/walk-result.ts';
import type { Source } from '../../records/source.ts';
import type { CauseContext, EvidenceLine } from './finding.ts';

/** Where the walk's first branch ends: the last step of its last leg. */
export interface Ending {
  readonly leg: Leg;
  readonly step: Step;
  readonly namespace: NetNamespace;
}

export const namespaceId = (step: Step): string =>
  step.namespace === '' ? step.node : `${step.node}/${step.namespace}`;

export const endingOf = (context: CauseContext): Ending | undefined => {
  const leg = decidingLeg(context.branch);
  const step = leg.steps.at(-1);
  const namespace = step && context.network.namespaces.get(namespaceId(step));
  return step && namespace ? { leg, step, namespace } : undefined;
};

/** Steps of both legs in the order in which they happen. */
export const stepsOf = (context: CauseContext): readonly Step[] => [
  ...context.branch.forward.steps,
  ...(context.branch.reply?.steps ?? []),
];

/** The step's lines as evidence. */
export const proofsOf = (step: Step, words?: readonly string[]): readonly EvidenceLine[] =>
  step.proofs.map((proof) => (words ? { ...proof, words } : { source: proof.source, role: proof.role }));

export const decisiveLine = (
  record: { readonly source: Source } | undefined,
  words?: readonly string[],
): readonly EvidenceLine[] =>
  record ? [{ source: record.source, role: 'decisive', ...(words ? { words } : {}) }] : [];
export const supportingLine = (
  record: { readonly source: Source } | undefined,
  words?: readonly string[],
): readonly EvidenceLine[] =>
  record ? [{ source: record.source, role: 'supporting', ...(words ? { words } : {}) }] : [];

/** A number of a step's values, where it is one. */
export const numberOf = (step: Step, key: ActionValue): number | undefined => {
  const value = step.action.values[key];
  return typeof value === 'number' ? value : undefined;
};
export const textOf = (step: Step, key: ActionValue): string => String(step.action.values[key] ?? '');
