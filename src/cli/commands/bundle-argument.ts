import type { PositionalOptions } from 'yargs';
import { BUNDLE_WORDS } from '../options.ts';

/** No argument of a process can hold a NUL, so this is no file's name. */
const STANDARD_INPUT = '\0stdin';

/** yargs loses a lone `-` among positional arguments: it goes through under another name. Behind `-o` it is a value and stays. */
export const withStandardInput = (args: readonly string[]): string[] =>
  args.map((arg, i) => (arg === '-' && !/^(?:-o|--output)$/.test(args[i - 1] ?? '') ? STANDARD_INPUT : arg));

const standardInput = (path: string): string => (path === STANDARD_INPUT ? '-' : path);

/** The bundle as a command of one bundle takes it. */
export const oneBundle = (words: string = BUNDLE_WORDS): PositionalOptions => ({
  type: 'string',
  coerce: standardInput,
  demandOption: true,
  describe: words,
});

/** Several archives that are one bundle: one per node, as collectors make them. */
export const severalBundles: PositionalOptions = {
  type: 'string',
  array: true,
  coerce: (paths: string[]) => paths.map(standardInput),
  demandOption: true,
  describe: `${BUNDLE_WORDS}; several archives (one per node) are one bundle`,
};
