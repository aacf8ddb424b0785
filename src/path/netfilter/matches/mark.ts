import type { HookQuestion } from '../outcome.ts';
import { answerOf, type Marks, type MatchCompiler, NO, unsupported } from './answer.ts';
import { parseMasked } from './number.ts';

/** The connection's mark at this moment; undefined for a packet without an entry (INVALID, UNTRACKED). */
export const connectionMark = (question: HookQuestion, marks: Marks): number | undefined => {
  const { state, entry } = question.ct;
  if (state === 'UNTRACKED' || state === 'INVALID') return undefined;
  return marks.connmark ?? entry?.mark ?? 0;
};

/** xt_mark: `(mark & MASK) == VALUE`. */
export const mark: MatchCompiler = (match) => {
  const option = match.options[0];
  const wanted = parseMasked(option?.values[0] ?? '');
  if (!option || !wanted) return unsupported;
  return (_question, marks) => answerOf(((marks.mark & wanted.mask) >>> 0 === wanted.value) !== option.invert);
};

/** xt_connmark: false for a packet without an entry, even where the test is inverted. */
export const connmark: MatchCompiler = (match) => {
  const option = match.options[0];
  const wanted = parseMasked(option?.values[0] ?? '');
  if (!option || !wanted) return unsupported;
  return (question, marks) => {
    const value = connectionMark(question, marks);
    return value === undefined ? NO : answerOf(((value & wanted.mask) >>> 0 === wanted.value) !== option.invert);
  };
};
