import { type Language, languageOf } from '../report/language.ts';
import { UsageError } from './usage-error.ts';

/** How the terminal at hand is to be written to. NO_COLOR counts where it is not empty (no-color.org). */
export const terminalOptions = (): { readonly colour: boolean; readonly width: number } => ({
  colour: (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb' && process.stdout.isTTY === true,
  width: process.stdout.columns ?? 100,
});

/** The language that was asked for, else that of the environment: the first of LC_ALL, LC_MESSAGES and LANG that is set. */
export const chosenLanguage = (asked: string | undefined): Language => {
  if (asked !== undefined && !/^(?:en|zh)(?:[-_.]|$)/i.test(asked))
    throw new UsageError(`--lang takes en or zh-CN, not ${asked}`);
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  return languageOf([asked, LC_ALL, LC_MESSAGES, LANG].find((name) => name !== undefined && name !== ''));
};
