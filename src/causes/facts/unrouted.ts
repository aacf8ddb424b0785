import type { Step } from '../../path/step.ts';
import type { Leg } from '../../path/walk-result.ts';
import { type Ending, namespaceId } from './ending.ts';
import type { CauseContext } from './finding.ts';

/** Whether the routes that decide the step were not captured: a way was taken for granted, or the walk stopped. */
export const isUnrouted = ({ action }: Step): boolean =>
  action.code === 'way-assumed' ||
  action.code === 'routes-unknown' ||
  (action.code === 'not-followed' && action.values.why === 'routes');

/** The last place of a leg, or of the flow, at which the host's routes were not captured. */
export const unroutedOn = (context: CauseContext, leg: Leg | undefined): Ending | undefined => {
  const step = leg?.steps.findLast(isUnrouted);
  const namespace = step && context.network.namespaces.get(namespaceId(step));
  return leg && step && namespace ? { leg, step, namespace } : undefined;
};

export const unrouted = (context: CauseContext): Ending | undefined =>
  unroutedOn(context, context.branch.reply) ?? unroutedOn(context, context.branch.forward);
