import type { FlowQuestion } from '../path/walk-result.ts';
import type { Source } from '../records/source.ts';
import type { Symptom } from './symptom.ts';

/** A flow that looks broken. */
export interface Candidate {
  readonly question: FlowQuestion;
  readonly symptoms: readonly Symptom[];
  /** Comparable only within one bundle: the higher, the likelier that something is wrong with this flow. */
  readonly score: number;
  readonly count: number;
  readonly sources: readonly Source[];
}
