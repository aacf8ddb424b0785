import type { FallbackCompletionFunction } from 'yargs';
import { COMMAND_NAMES } from './options.ts';

/**
 * What the shell is offered behind a word that was begun: options behind a dash, commands in the first place, ids behind `explain`.
 * Where nothing is offered, shells offer files.
 */
export const complete: FallbackCompletionFunction = (current, argv, defaults, done) => {
  const [, ...words] = (argv._ as readonly (string | number)[]).map(String);
  if (current.startsWith('-')) return defaults();
  if (words[0] === 'explain' && words.length <= 2)
    return import('../judging/registry.ts').then(({ CAUSES }) =>
      done(
        startingWith(
          current,
          CAUSES.map(({ id }) => id),
        ),
      ),
    );
  return done(words.length <= 1 ? startingWith(current, COMMAND_NAMES) : []);
};

const startingWith = (start: string, names: readonly string[]): string[] =>
  names.filter((name) => name.startsWith(start));
