import type { Finding } from '../../src/causes/facts/finding.ts';
import type { Judgement } from '../../src/judging/judge.ts';
import { LANGUAGES } from '../../src/report/language.ts';
import { findingContext } from '../../src/report/wording.ts';
import { Words } from '../../src/report/words.ts';

const SECTIONS = ['title', 'summary', 'why'] as const;

const withConsequences = (finding: Finding): readonly Finding[] => [
  finding,
  ...finding.consequences.flatMap(withConsequences),
];

/** Says everything about a judgement's findings of one cause in both languages; what could not be said. Empty where all is well. */
export const unsaid = (judgement: Judgement, id: string): readonly string[] =>
  LANGUAGES.flatMap((language) => {
    const words = new Words(language);
    const missing: string[] = [];
    const say = (section: string, said: unknown) => {
      if (said === undefined) missing.push(`${language} ${id}#${section}`);
    };
    const { flow } = judgement;
    for (const finding of [...judgement.found, ...judgement.observations].flatMap(withConsequences)) {
      if (finding.id !== id) continue;
      for (const section of SECTIONS) say(section, words.causeSection(id, section, findingContext(finding, flow)));
      for (const fix of finding.fixes)
        say(
          `fix:${fix.id}`,
          words.causeSection(id, `fix:${fix.id}`, findingContext({ ...finding, values: fix.values }, flow)),
        );
    }
    for (const ruled of judgement.ruledOut) {
      if (ruled.id !== id) continue;
      const context = findingContext({ values: ruled.values }, flow);
      say(
        `ruled-out:${ruled.because}`,
        words.causeSection(id, `ruled-out:${ruled.because}`, context) ??
          (words.says('because', ruled.because) ? words.say('because', ruled.because, context) : undefined),
      );
    }
    return [...words.faults, ...missing];
  });

/** The finding of one cause, wherever it hangs. */
export const findingOf = (judgement: Judgement, id: string): Finding | undefined =>
  [...judgement.found, ...judgement.observations].flatMap(withConsequences).find((finding) => finding.id === id);

/** The captures by which one cause would be decided, as `KIND NAMESPACE`; undefined where it is not left open. */
export const neededFor = (judgement: Judgement, id: string): readonly string[] | undefined =>
  judgement.undecided
    .find((verdict) => verdict.id === id)
    ?.missing.map(({ kind, namespace }) => `${kind} ${namespace}`);
