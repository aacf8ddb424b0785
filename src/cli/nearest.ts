/** Number of single-character edits between two words. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
};

/** The valid words nearest to a mistyped one, nearest first; at most `count`. Where it is a part of some, those alone. */
export const nearest = (word: string, valid: readonly string[], count = 5): readonly string[] => {
  const ranked = [...valid]
    .map((v) => ({ v, d: v.includes(word) || word.includes(v) ? 0 : distance(word, v) }))
    .sort((a, b) => a.d - b.d || (a.v < b.v ? -1 : 1));
  const parts = ranked.filter(({ d }) => d === 0);
  return (parts.length > 0 ? parts : ranked).slice(0, count).map(({ v }) => v);
};

/** Whether a word is so close to a valid one that it must be a mistyping of it. */
export const isNear = (word: string, valid: string): boolean => distance(word, valid) <= Math.max(1, valid.length / 3);
