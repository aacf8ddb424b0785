import type { CaptureKind } from '../records/capture.ts';
import type { Source } from '../records/source.ts';
import type { Packet } from './packet.ts';

/** Places in the order in which a packet meets them (CATALOGUE section 2.1). */
export type Place =
  | 'send'
  | 'ingress'
  | 'decapsulation'
  | 'PREROUTING'
  | 'routing'
  | 'INPUT'
  | 'ipvs'
  | 'xfrm-in'
  | 'xfrm-fwd'
  | 'socket'
  | 'FORWARD'
  | 'OUTPUT'
  | 'POSTROUTING'
  | 'xfrm-out'
  | 'neighbour'
  | 'device'
  | 'bridge'
  | 'between';

export type Verdict = 'continue' | 'drop' | 'reject' | 'reset' | 'deliver' | 'lost' | 'unknown';

/**
 * What happened at a step: a code that templates turn into words, and its typed values. The code names the kernel's decision
 * (`route`, `snat`, `masquerade`, `dnat`, `ipvs-dnat`, `ipvs-undo`, `nat-undo`, `policy-drop`, `rule-drop`, `rp-filter`, `martian-source`, `no-policy` …).
 */
export interface Action {
  readonly code: string;
  readonly values: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

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

/** Something the walk took for granted because the bundle does not tell; the capture that would. */
export interface Assumption {
  readonly code: string;
  readonly values: Readonly<Record<string, string | number | boolean>>;
  readonly missing: Missing | undefined;
  readonly source: Source | undefined;
}
