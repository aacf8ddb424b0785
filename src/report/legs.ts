import { type Leg, legsOfBranch, type WalkBranch } from '../path/walk-result.ts';

/**
 * The legs of a walk in the order in which they are told. A refusal (a RST or an ICMP error) stands behind what it answers: the request, the answer
 * or the ACK that ends a handshake, which is told where it does not arrive.
 */
export type LegName = Leg['direction'];

export interface NamedLeg {
  readonly name: LegName;
  readonly leg: Leg;
}

export const legsOf = (branch: WalkBranch | undefined): readonly NamedLeg[] =>
  branch ? legsOfBranch(branch).map((leg) => ({ name: leg.direction, leg })) : [];
