import type { CauseId } from '../../causes/facts/cause-id.ts';
import type { CauseContext, EvidenceLine, Values } from '../../causes/facts/finding.ts';

/** A fact about a failing flow that excludes causes of the same symptom. */
export interface ExcludingFact {
  /** Code of its words in `because.hbs`. */
  readonly because: string;
  /** Ids of the causes that cannot be, as this holds. */
  readonly excludes: readonly CauseId[];
  readonly values: Values;
  /** The lines that show it; never empty: what cannot be quoted excludes nothing. */
  readonly evidence: readonly EvidenceLine[];
}

/** Looks for facts of one sort in what the bundle shows of a failing flow. */
export type Excludes = (context: CauseContext) => readonly ExcludingFact[];
