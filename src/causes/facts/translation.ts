import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import { namespaceId, numberOf, textOf } from './ending.ts';
import type { CauseContext } from './finding.ts';

/** A service's address turned into a server's on the way there. */
export interface Translation {
  readonly step: Step;
  /** Position in the forward leg. */
  readonly index: number;
  readonly namespace: NetNamespace;
  readonly by: 'ipvs' | 'netfilter';
  readonly virtual: string;
  readonly port: number;
  readonly server: string;
  readonly serverPort: number;
  /** The client is a process of this namespace. */
  readonly ownClient: boolean;
}

const CODES: ReadonlySet<string> = new Set<ActionCode>([
  'ipvs-dnat',
  'ipvs-route',
  'ipvs-tunnel',
  'ipvs-loopback-source',
  'dnat',
]);

/** Every destination translation of the way there, in order. */
export const translationsOf = (context: CauseContext): readonly Translation[] =>
  context.branch.forward.steps.flatMap((step, index): Translation[] => {
    const namespace = context.network.namespaces.get(namespaceId(step));
    if (!CODES.has(step.action.code) || !namespace || step.action.values.part === 'src') return [];
    return [
      {
        step,
        index,
        namespace,
        by: step.action.code === 'dnat' ? 'netfilter' : 'ipvs',
        virtual: textOf(step, 'from'),
        port: numberOf(step, 'fromPort') ?? 0,
        server: textOf(step, 'to'),
        serverPort: numberOf(step, 'toPort') ?? 0,
        ownClient: step.action.values.hook === 'OUTPUT' || step.place === 'OUTPUT',
      },
    ];
  });

export const firstTranslation = (context: CauseContext): Translation | undefined => translationsOf(context)[0];

/** The source translation that follows in the same namespace; undefined where the source goes on as it came. */
export const sourceNatAfter = (context: CauseContext, translation: Translation): Step | undefined =>
  context.branch.forward.steps.find(
    (step, i) =>
      i > translation.index &&
      namespaceId(step) === translation.namespace.id &&
      (step.action.code === 'masquerade' || step.action.code === 'snat') &&
      step.before.src !== step.after.src,
  );

/** Whether the translation's server is on the node that translates: its own address, or a pod behind one of its devices. */
export const serverIsHere = (context: CauseContext, translation: Translation): boolean => {
  const { node } = translation.namespace;
  if (translation.step.action.values.local === true) return true;
  const holders = context.network
    .owners(translation.server)
    .filter((owner) => owner.link.kind !== 'dummy' && !owner.link.flags.includes('LOOPBACK'));
  if (holders.length > 0) return holders.some((owner) => owner.namespace.node === node);
  const next = context.branch.forward.steps.find(
    (step, i) => i > translation.index && (step.node !== node || step.namespace !== translation.namespace.name),
  );
  return next !== undefined && next.node === node;
};

/** Whether the answer comes back through the namespace that translated the request. */
export const answerPasses = (context: CauseContext, namespace: string): boolean =>
  context.branch.reply?.steps.some((step) => namespaceId(step) === namespace) ?? false;
