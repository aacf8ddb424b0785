import { type Leg, legsOfBranch, type WalkBranch } from '../path/walk-result.ts';

/**
 * The legs of a walk in the order in which they are told. A refusal (a RST or an ICMP error on its way back) takes the place of the reply; the ACK that ends a
 * handshake is told where it does not arrive.
 */
export type LegName = Leg['direction'];

export interface NamedLeg {
  readonly name: LegName;
  readonly leg: Leg;
}

export const legsOf = (branch: WalkBranch | undefined): readonly NamedLeg[] =>
  branch ? legsOfBranch(branch).map((leg) => ({ name: leg.direction, leg })) : [];
