import type { Leg, WalkBranch } from '../path/walk-result.ts';

/** The legs of a walk in the order in which they are told. A refusal (a RST or an ICMP error on its way back) takes the place of the reply. */
export type LegName = 'forward' | 'reply' | 'refusal';

export interface NamedLeg {
  readonly name: LegName;
  readonly leg: Leg;
}

export const legsOf = (branch: WalkBranch | undefined): readonly NamedLeg[] =>
  branch
    ? [
        { name: 'forward', leg: branch.forward },
        ...(branch.reply ? [{ name: 'reply' as const, leg: branch.reply }] : []),
        ...(branch.refusal ? [{ name: 'refusal' as const, leg: branch.refusal }] : []),
      ]
    : [];

/** The class of a leg's lines: everything on its way back looks alike. */
export const legLook = (name: LegName): 'forward' | 'reply' => (name === 'forward' ? 'forward' : 'reply');

/** The leg that decides the outcome: the reply where the request arrives, else the request. */
export const decidingLeg = (branch: WalkBranch): Leg =>
  branch.reply && branch.forward.end.outcome === 'delivered' ? branch.reply : branch.forward;
