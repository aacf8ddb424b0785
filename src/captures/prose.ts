/** Words that sentences have and no output of a tool has in its first column. */
const COMMON: ReadonlySet<string> = new Set(
  (
    'the is are was were be been being a an of to in on and or but not this that these those it its with for from as at by i we you my our your they he she here there what when where ' +
    'which who why how if then than so can could should would will do does did has have had no yes all any some also only just after before because still even now please see seems'
  ).split(' '),
);
const WORD = /^["'(\u00ab*_`]{0,3}[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f'\u2019-]*[.,:;!?)"'*_`\u2026]{0,4}$/;
const CJK = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/g;

/** Whether a line reads like a sentence that somebody wrote, and not like a tool's. */
export const isProse = (line: string): boolean => {
  if (line.length < 8 || line.length > 2000 || !/^["'(*_\p{L}]/u.test(line)) return false;
  const foreign = line.match(CJK)?.length ?? 0;
  if (foreign > 3 && foreign * 5 > line.replace(/\s/g, '').length) return true;
  if (/ {3}|\t/.test(line.trimEnd())) return false;
  const words = line.trimEnd().split(/ +/);
  if (words.length < 3 || words.some((word) => /^--?[A-Za-z]/.test(word))) return false;
  const plain = words.filter((word) => WORD.test(word));
  if (plain.length * 3 < words.length * 2) return false;
  return plain.some((word) => COMMON.has(word.toLowerCase().replace(/[^a-z]/g, '')));
};
