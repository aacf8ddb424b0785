import type { NetNamespace } from '../network/namespace.ts';
import type { Source } from '../records/source.ts';

export type Symptom =
  | 'syn-repeated'
  | 'syn-ack-repeated'
  | 'syn-sent'
  | 'syn-recv'
  | 'closed'
  | 'reset'
  | 'cut-off'
  | 'port-unreachable'
  | 'unreachable'
  | 'unreplied'
  | 'unserved-port'
  | 'unanswered'
  | 'echo-unanswered'
  | 'stalled'
  | 'counted-drop'
  | 'logged-refusal'
  | 'probe-failed'
  | 'ipvs-half-open'
  | 'syn-at-weight-zero'
  | 'past-translation';

/** How much a symptom says. An unanswered datagram is everyday; a connection that was refused or asked for again is not. */
export const WEIGHT: Readonly<Record<Symptom, number>> = {
  'port-unreachable': 6,
  reset: 5,
  'syn-ack-repeated': 5,
  'syn-repeated': 4,
  stalled: 4,
  unreachable: 4,
  'syn-recv': 4,
  'syn-sent': 3,
  unanswered: 3,
  'echo-unanswered': 3,
  'counted-drop': 3,
  'ipvs-half-open': 3,
  'syn-at-weight-zero': 4,
  'past-translation': 3,
  'logged-refusal': 2,
  'probe-failed': 5,
  'cut-off': 2,
  'unserved-port': 2,
  closed: 1,
  unreplied: 1,
};

/** One place at which a flow showed a symptom. */
export interface Sighting {
  readonly namespace: NetNamespace;
  readonly proto: string;
  readonly src: string;
  readonly sport: number | undefined;
  readonly dst: string;
  readonly dport: number | undefined;
  /** Namespace that sends, where the sighting itself tells. */
  readonly start?: string;
  readonly symptom: Symptom;
  readonly source: Source;
  /** Orders the attempts of one symptom: a packet's time, an entry's remaining seconds (the oldest has the fewest). */
  readonly order: number;
}

/** Rows of one table that are looked at; a table full of scans says no more after that many. */
export const ROWS = 2000;
