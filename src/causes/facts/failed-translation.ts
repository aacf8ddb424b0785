import type { Step } from '../../path/step.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import { isBroken } from './confidence.ts';
import { endingOf, namespaceId } from './ending.ts';
import type { CauseContext } from './finding.ts';
import { answerPasses, serverIsHere, sourceNatAfter, type Translation, translationsOf } from './translation.ts';

/** A service's address that a node translated to a server elsewhere without changing the source, and a flow that failed after it. */
export interface FailedTranslation {
  readonly translation: Translation;
  readonly end: Step;
  /** Why the leg ended. */
  readonly reason: ActionCode;
}

/**
 * The last such translation; undefined where the flow works, has its source translated or stays on the node: its server is there (`on-node`), or, of a server with a way of its
 * own to the client, its answer passes there too (`past-node`).
 */
export const failedWithoutSourceNat = (
  context: CauseContext,
  stays: 'on-node' | 'past-node' = 'on-node',
): FailedTranslation | undefined => {
  if (!isBroken(context)) return undefined;
  const ending = endingOf(context);
  if (!ending || ending.leg.end.outcome === 'delivered') return undefined;
  const translation = translationsOf(context).findLast((t) => t.step.action.code !== 'ipvs-loopback-source');
  if (!translation || sourceNatAfter(context, translation)) return undefined;
  const isPast = stays === 'past-node' && context.branch.reply && !answerPasses(context, translation.namespace.id);
  if (serverIsHere(context, translation) && !isPast) return undefined;
  // The walk stopped on the node that translates, for want of its routes: its POSTROUTING may still change the source.
  if (
    (ending.leg.end.reason === 'routes-unknown' || ending.leg.end.reason === 'not-followed') &&
    namespaceId(ending.step) === translation.namespace.id
  )
    return undefined;
  return { translation, end: ending.step, reason: ending.leg.end.reason };
};

/** Ends by which an answer under the server's own name dies, or a request under a source that its receiver takes for its own. */
export const NAME_ENDS: ReadonlySet<string> = new Set<ActionCode>([
  'answer-from-stranger',
  'answer-elsewhere',
  'martian-source',
  'outside',
  'rp-filter',
  'ct-invalid',
]);
