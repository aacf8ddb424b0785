import { MASKED } from './known-secrets.ts';
import { withoutUnknown } from './unknown-text.ts';

/** A line of the file that was joined with others, as it stands there. */
export interface JoinedPart {
  readonly text: string;
  /** It lies inside a secret of several lines. */
  readonly inside: boolean;
}

/**
 * A line that was put together from several of the file, by the strictest mask: a reader that knows the whole may have passed over the end of
 * it, and that these lines are one is a guess. `whole` is the line with its format's own mask. What a part would not show by itself, the whole
 * does not show either: then it ends before that part.
 */
export const withoutUnknownParts = (parts: readonly JoinedPart[], glue: '' | ' ', whole: string): string => {
  const shown = withoutUnknown(whole);
  const first = parts.findIndex(
    ({ text, inside }, i) => inside || hiddenIn(text, glue === '' && i > 0, glue === '' && i < parts.length - 1, shown),
  );
  if (first < 0) return shown;
  const before = parts
    .slice(0, first)
    .map(({ text }) => text)
    .join(glue);
  return `${withoutUnknown(before)}${before === '' ? '' : ' '}${MASKED}`;
};

/** Whether the whole shows a word that is masked where its part stands alone. A word that the wrapping may have cut is one only in the whole. */
const hiddenIn = (text: string, cutBefore: boolean, cutBehind: boolean, shown: string): boolean => {
  const alone = new Set(withoutUnknown(text).split(/\s+/));
  const words = text.split(/\s+/);
  return words.some(
    (word, i) =>
      word !== '' &&
      !(cutBefore && i === 0) &&
      !(cutBehind && i === words.length - 1) &&
      !alone.has(word) &&
      shown.includes(word),
  );
};
