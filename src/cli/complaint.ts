import { nearest } from './nearest.ts';
import { OPTION_NAMES } from './options.ts';

const dashed = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);

const unknown = (words: string): string => {
  const names = words.split(', ').map((word) => word.trim().replace(/^-+/, ''));
  return names
    .map((name) => {
      const near = nearest(name, OPTION_NAMES, 3).map(dashed);
      return `no option ${dashed(name)}; nearest: ${near.join(', ')}`;
    })
    .join('; ');
};

/** What yargs complains about, in one line of ours that names the nearest valid option or the valid values. */
export const complaint = (
  message: string,
  { program, args }: { readonly program: string; readonly args: readonly string[] },
): string => {
  const [, noOption] = /^Unknown arguments?: (.*)$/m.exec(message) ?? [];
  if (noOption !== undefined) return unknown(noOption);
  const [, option, given, choices] = /Argument: ([\w-]+), Given: "?(.*?)"?, Choices: (.*)$/m.exec(message) ?? [];
  if (option !== undefined && choices !== undefined)
    return `--${option} takes ${choices.replaceAll('"', '').replace(/, (?=[^,]*$)/, ' or ')}, not ${given}`;
  const [, got, needed] = /^Not enough non-option arguments: got (\d+), need at least (\d+)/.exec(message) ?? [];
  if (got !== undefined) {
    // The value of a mistyped option is not missed as a bundle, the option is.
    const mistyped = args
      .map((arg) => /^--([\w-]+)/.exec(arg)?.[1])
      .find((name) => name && !OPTION_NAMES.includes(name));
    if (mistyped !== undefined) return unknown(mistyped);
    return needed === '2' ? `name two bundles: ${program} diff GOOD BAD` : `name a bundle: ${program} BUNDLE`;
  }
  const [, bare] = /^Not enough arguments following: (.*)$/m.exec(message) ?? [];
  if (bare !== undefined) return `${dashed(bare)} needs a value`;
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
};
