import type { Network } from '../network/network.ts';
import type { Step } from '../path/step.ts';
import type { Leg, WalkBranch, WalkedFlow } from '../path/walk-result.ts';
import { packetName } from './packet-name.ts';

/** The two networks of one cluster, and the same flow walked in each. */
export interface Walked {
  readonly network: Network;
  readonly flow: WalkedFlow;
}

/** Where two ways part: the last step that they share, and the first that each has for itself. */
export interface Parting {
  readonly direction: Leg['direction'];
  readonly shared: Step | undefined;
  /** Undefined where that way has no further step. */
  readonly good: Step | undefined;
  readonly bad: Step | undefined;
}

export interface ComparedWays {
  readonly good: WalkBranch | undefined;
  readonly bad: WalkBranch | undefined;
  /** Undefined where both walks go the same way to the same end. */
  readonly parting: Parting | undefined;
}

/** The branch of the failing bundle, and of the working one the branch that stays with it longest: of several servers the same one. */
export const compareWays = (good: Walked, bad: Walked): ComparedWays => {
  const failing = bad.flow.branches[0];
  if (!failing) return { good: good.flow.branches[0], bad: undefined, parting: undefined };
  const ranked = [...good.flow.branches]
    .map((branch, order) => ({ branch, order, ...compareBranches(good.network, branch, bad.network, failing) }))
    .sort(
      (a, b) =>
        Number(b.branch.outcome === 'delivered') - Number(a.branch.outcome === 'delivered') ||
        b.length - a.length ||
        a.order - b.order,
    );
  const [best] = ranked;
  return { good: best?.branch, bad: failing, parting: best?.parting };
};

const LEGS = ['forward', 'reply'] as const;

const compareBranches = (
  good: Network,
  goodBranch: WalkBranch,
  bad: Network,
  badBranch: WalkBranch,
): { readonly length: number; readonly parting: Parting | undefined } => {
  let length = 0;
  for (const direction of LEGS) {
    const [mine, theirs] = [goodBranch[direction], badBranch[direction]];
    if (!mine && !theirs) continue;
    const [a, b] = [telling(mine), telling(theirs)];
    let shared = 0;
    while (
      shared < a.length &&
      shared < b.length &&
      stepName(good, a[shared] as Step, direction) === stepName(bad, b[shared] as Step, direction)
    )
      shared += 1;
    length += shared;
    if (shared < a.length || shared < b.length || mine?.end.reason !== theirs?.end.reason)
      return { length, parting: { direction, shared: a[shared - 1], good: a[shared], bad: b[shared] } };
  }
  return { length, parting: undefined };
};

/** Whether an entry was there already is the history of the connection, not the state of the network. */
const telling = (leg: Leg | undefined): readonly Step[] =>
  (leg?.steps ?? []).filter((step) => step.stage !== 'conntrack' || step.verdict !== 'continue');

/** Equal for steps that do the same at the same place. A veth's name is made anew with every pod. */
const stepName = (network: Network, step: Step, direction: Leg['direction']): string => {
  const ns = network.namespaces.get(step.namespace === '' ? step.node : `${step.node}/${step.namespace}`);
  const device = ns?.links.get(step.device ?? '')?.kind === 'veth' ? 'veth' : step.device;
  return [
    step.node,
    step.namespace,
    step.place,
    step.stage,
    device,
    step.action.code,
    step.verdict,
    packetName(step.after, direction),
  ].join(' ');
};
