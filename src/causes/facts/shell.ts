/** The mark of text that only this file makes. */
declare const MADE: unique symbol;

/**
 * A command as it may be pasted into a POSIX shell: every word that came from a bundle stands for itself, whatever it is made of. Empty where one of them cannot be written
 * so that shell and program take it for what it is.
 */
export type Shell = string & { readonly [MADE]: true };

/** A piece of a command, its words quoted already. */
export interface ShellPart {
  readonly quoted: string;
  readonly isWritable: boolean;
}

/** What a command is put together from: words to be quoted, several of them with blanks between, or a piece. */
type Word = string | number | readonly string[] | ShellPart;

/** Characters that mean nothing to a shell. */
const PLAIN = /^[A-Za-z0-9_.:/@%+=,-]+$/;
/** Quoted even where made of plain characters: zsh expands `=program`. */
const SPECIAL_START = /^=/;
/** Controls and what is not seen: the command that is read would not be the command that is pasted. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;

/** A captured word as a POSIX shell takes it as that word: in single quotes, unless it is made of harmless characters alone. */
export const shellWord = (text: string): string =>
  PLAIN.test(text) && !SPECIAL_START.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Words after which a program takes any next word for a value, a leading dash or not (getopt's required arguments, iproute2's keywords). */
const TAKES_VALUE: ReadonlySet<string> = new Set([
  ...[
    'dev',
    'exec',
    'table',
    'via',
    'src',
    'dst',
    '-i',
    '-o',
    '-n',
    '-I',
    '-s',
    '-d',
    '-p',
    '--name',
    '--namespace',
    '-e',
  ],
]);

const lastWord = (text: string): string => /(\S*)\s+$/.exec(text)?.[1] ?? '';

/** Whether a value at this place can be taken for what it is: nothing unseen in it, and no dash at its start where a program would read an option. */
const isWritableAt = (before: string, value: string): boolean =>
  !UNSEEN.test(value) &&
  !(value.startsWith('-') && (before === '' || /\s$/.test(before)) && !TAKES_VALUE.has(lastWord(before)));

const isInQuotes = (text: string): boolean => {
  const bare = text.replace(/'[^']*'|"[^"]*"/g, '');
  return bare.includes("'") || bare.includes('"');
};

const isPart = (word: Word): word is ShellPart => typeof word === 'object' && 'quoted' in word;

const build = (literals: readonly string[], words: readonly Word[]): ShellPart => {
  let quoted = '';
  let ours = '';
  let isWritable = true;
  literals.forEach((literal, i) => {
    quoted += literal;
    ours += literal;
    const word = words[i];
    if (word === undefined) return;
    if (isInQuotes(ours)) throw new Error(`a word inside of quotes: ${ours}`);
    if (isPart(word)) {
      isWritable &&= word.isWritable;
      quoted += word.quoted;
      return;
    }
    // The words of a list are options and values as a program printed them; whoever hands them over has looked at them.
    isWritable &&=
      typeof word === 'object' ? !word.some((one) => UNSEEN.test(one)) : isWritableAt(quoted, String(word));
    quoted += typeof word === 'object' ? word.map(shellWord).join(' ') : shellWord(String(word));
  });
  return { quoted, isWritable };
};

/** A piece of a command: `` part` table ${table}` ``. */
export const part = (literals: TemplateStringsArray, ...words: readonly Word[]): ShellPart => build(literals, words);

/** No piece. */
export const NO_PART: ShellPart = { quoted: '', isWritable: true };

/** A command: `` shell`ip route add ${prefix} dev ${device}` ``. What stands between is ours, what is put in is quoted. */
export const shell = (literals: TemplateStringsArray, ...words: readonly Word[]): Shell => {
  const { quoted, isWritable } = build(literals, words);
  return (isWritable ? quoted : '') as Shell;
};

/** A command inside of another one, or behind what enters a namespace. */
export const asPart = (command: Shell): ShellPart => ({ quoted: command, isWritable: command !== '' });

/** The words of a command that a capture module declares: they stand in the source and come from no bundle. */
export const declaredCommand = (text: string): Shell => text as Shell;

/** iproute2's program for a family. */
export const ipOf = (family: 4 | 6): ShellPart => (family === 6 ? part`ip -6` : part`ip`);
