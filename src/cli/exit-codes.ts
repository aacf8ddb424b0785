import type { Confidence } from '../causes/facts/finding.ts';
import type { Analysis } from '../judging/analysis.ts';

/** Exit statuses of every command. */
export const EXIT = { ok: 0, finding: 1, usage: 2, unreadable: 3, crash: 70 } as const;

const RANK: Readonly<Record<Confidence, number>> = { possible: 1, likely: 2, certain: 3 };

/** 1 where a root cause is at or above the level, else 0. */
export const exitCodeOf = (analysis: Analysis, failOn: Confidence | undefined): number =>
  failOn !== undefined && analysis.rootCauses.some((cause) => RANK[cause.confidence] >= RANK[failOn])
    ? EXIT.finding
    : EXIT.ok;
