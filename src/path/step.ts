import type { CaptureKind } from '../records/capture.ts';
import type { Source } from '../records/source.ts';
import type { Packet } from './packet.ts';
import type { Action } from './vocabulary/actions.ts';
import type { Place } from './vocabulary/places.ts';

export type Verdict = 'continue' | 'drop' | 'reject' | 'reset' | 'deliver' | 'lost' | 'unknown';

/** A line that decided a step. */
export interface Proof {
  readonly source: Source;
  readonly role: 'decisive' | 'supporting';
}

/** A capture that would decide what the bundle leaves open. */
export interface Missing {
  readonly kind: CaptureKind;
  readonly namespace: string;
}

export interface Step {
  readonly node: string;
  /** '' for the host's namespace. */
  readonly namespace: string;
  readonly place: Place;
  /** Table or subsystem within the place: raw, mangle, nat, filter, conntrack, fib, ipvs, xfrm, vxlan, esp, veth … */
  readonly stage: string;
  readonly device: string | undefined;
  readonly action: Action;
  readonly before: Packet;
  readonly after: Packet;
  readonly verdict: Verdict;
  readonly proofs: readonly Proof[];
}
