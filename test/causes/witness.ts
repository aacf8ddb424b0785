import { expect } from 'vitest';
import type { Judgement } from '../../src/judging/judge.ts';
import type { CaptureKind } from '../../src/records/capture.ts';

/** What a test has looked at in a judgement, of one cause: that it holds, that it does not, that a capture is missing to tell. */
export type Kind = 'holds' | 'look-alike' | 'undecided';

/** Captures that causes asked for, by cause. */
const asked = new Map<string, Set<CaptureKind>>();
export const askedBy = (id: string): ReadonlySet<CaptureKind> => asked.get(id) ?? new Set<CaptureKind>();

const files = new Map<string, Map<string, Set<Kind>>>();

const note = (id: string, kind: Kind): void => {
  const file = expect.getState().testPath ?? '';
  const causes = files.get(file) ?? new Map<string, Set<Kind>>();
  files.set(file, causes);
  causes.set(id, (causes.get(id) ?? new Set<Kind>()).add(kind));
};

/** The kinds that the tests of a file have looked at so far, of one cause. */
export const kindsIn = (file: string, id: string): ReadonlySet<Kind> => files.get(file)?.get(id) ?? new Set<Kind>();

/**
 * The judgement, which takes down what of it a test reads: only what was really judged in a test that ran, and really looked at there, counts. A list of causes that
 * were found and that a cause is not in makes a look-alike of it, and so does the fact that rules it out.
 */
export const witnessed = (judgement: Judgement, ids: readonly string[]): Judgement => {
  const { found, observations, ruledOut, undecided } = judgement;
  const holding = new Set<string>([
    ...found.flatMap(function all(f): string[] {
      return [f.id, ...f.consequences.flatMap(all)];
    }),
    ...observations.map((o) => o.id),
  ]);
  const open = new Set<string>(undecided.map((u) => u.id));
  for (const { id, missing } of undecided) asked.set(id, new Set([...askedBy(id), ...missing.map(({ kind }) => kind)]));
  const lookAtFindings = () => {
    for (const id of ids)
      if (holding.has(id)) note(id, 'holds');
      else if (!open.has(id)) note(id, 'look-alike');
  };
  return {
    ...judgement,
    get found() {
      lookAtFindings();
      return found;
    },
    get observations() {
      lookAtFindings();
      return observations;
    },
    get ruledOut() {
      for (const { id } of ruledOut) if (!holding.has(id)) note(id, 'look-alike');
      return ruledOut;
    },
    get undecided() {
      for (const id of open) note(id, 'undecided');
      return undecided;
    },
  };
};
