import { type CommandLine, readCommandLine } from '../layouts/command-line.ts';

/** A shell's prompt with what was typed at it. */
export interface Prompt {
  /** The machine, where the prompt names it. */
  readonly host: string | undefined;
  readonly command: CommandLine | undefined;
  /** What was typed, as it stands there. */
  readonly typed: string;
  /** A user's name and a machine's: a prompt whatever was typed at it. */
  readonly certain: boolean;
}

const USER = '[\\w.+-]{1,32}';
const HOST = '[A-Za-z0-9][\\w.-]{0,63}';
/** Times, exit states, environments, tmux's pane numbers before the prompt itself. */
const BEFORE =
  /^(?:\[?\d\d:\d\d(?::\d\d)?\]? ?|\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\]? ?|\[\d{1,4}\/\d{1,5}\](?= ?[\w[])|\[\d{1,3}\] |\d{1,3} (?=root@)|\((?:[\w.-]{1,40})\) ?(?=[\w[(])|\[edit[^\]]{0,80}\] ?|[\u2713\u2717\u2714\u2718\u26a1\u250c\u2500\u2514\u256d\u2570\u251c]{1,4}[\s-]{0,3}(?=\S))/;
const TWO_ROWS = new RegExp(
  `^[\\u250c\\u256d][\\u2500\\u2504-]{1,4}[([]?${USER}[@\\u327f](?<host>${HOST})[)\\]]?.{0,120}$`,
);
const FORMS: readonly { readonly pattern: RegExp; readonly certain?: true }[] = [
  // [user@host dir]$ and [user@host:dir]$
  {
    pattern: new RegExp(`^\\[${USER}@(?<host>${HOST})(?:[ :][^\\]]{0,80})?\\] ?(?<sign>[#$%>]{1,2})(?<typed>.*)$`),
    certain: true,
  },
  // user@host:dir$, user@host dir #, user@host> and Kali's (user㉿host)-[dir]
  {
    pattern: new RegExp(
      `^\\(?${USER}[@\\u327f](?<host>${HOST})\\)?(?<dir>[: -][^#$%>]{0,100})?(?<sign>[#$%>\\u276f]{1,2})(?<typed>.*)$`,
    ),
    certain: true,
  },
  // HOST:dir #
  { pattern: new RegExp(`^(?<host>${HOST}):[~/][^#$%>]{0,100}(?<sign>[#$%>])(?<typed>.*)$`) },
  // (HOST) [dir]$
  { pattern: new RegExp(`^\\((?<host>${HOST})\\) ?\\[[^\\]]{0,80}\\] ?(?<sign>[#$%>])(?<typed>.*)$`) },
  // HOST dir #: Gentoo
  { pattern: new RegExp(`^(?<host>${HOST}) [~/]?[\\w./~-]{1,60} (?<sign>[#$%])(?<typed> .*)$`) },
  { pattern: new RegExp(`^\\[(?<host>${HOST})\\][^#$%>\\w]{0,3}(?<sign>[#$%>])(?<typed>.*)$`) },
  // HOST$
  { pattern: new RegExp(`^(?<host>${HOST})(?:\\([\\w-]{1,20}\\))? ?(?<sign>[#$%>])(?<typed>.*)$`) },
  // Windows: what is typed there asks a cluster.
  { pattern: /^(?:PS )?[A-Z]:\\[^>]{0,120}(?<sign>>)(?<typed>.*)$/, certain: true },
  // A shell without a name: sh-5.1#, bash-4.4$, ~ #, / #, /etc/ipsec.d $
  { pattern: /^(?:(?:ba|z|k|a)?sh-\d[\w.]{0,8}|[~/][\w./~-]{0,60} ?|-sh )?\\?(?<sign>[#$%>])(?<typed>.*)$/ },
  // Arrows of themes, with a folder and a branch before what was typed
  {
    pattern:
      /^[\u279c\u276f\u03bb\u25b6\u00bb\u2192\u27a4\u2514\u2570\u2500\u25cb\u25cf]{1,3}\s{0,3}(?<sign>)(?:[~/]?[\w./~-]{0,60} {1,3}(?=\S))?(?:git:\([^)]{0,60}\) ?(?:[\u2717\u2718*] )?)?(?:[$#%] )?(?<typed>.*)$/,
  },
];

const NO_HOSTS: ReadonlySet<string> = new Set([
  'root',
  'admin',
  'user',
  'bash',
  'sh',
  'localhost',
  'mysql',
  'shell',
  'host',
  'sudo',
  'cmd',
]);

const isShell = (word: string): boolean =>
  NO_HOSTS.has(word.toLowerCase()) || /^(?:ba|z|k|a|da)?sh-\d[\w.]*$/.test(word);

/** Reads a line as a prompt. A sign that may stand before anything counts only where a command follows that somebody would collect. */
export const promptIn = (line: string): Prompt | undefined => {
  if (
    line.length > 700 ||
    !/[#$%>\u250c\u256d\u276f\u279c\u03bb\u25b6\u00bb\u2192\u27a4\u2514\u2570\u2500]/.test(line.slice(0, 200))
  )
    return undefined;
  const upper = TWO_ROWS.exec(line)?.groups?.host;
  if (upper !== undefined && !/[#$]\s*\S/.test(line))
    return { host: upper, command: undefined, typed: '', certain: true };
  let text = line;
  for (let i = 0; i < 4; i += 1) {
    const prompt = formOf(text);
    if (prompt) return prompt;
    const before = BEFORE.exec(text)?.[0];
    if (before === undefined || before === '') return undefined;
    text = text.slice(before.length);
  }
  return undefined;
};

const formOf = (text: string): Prompt | undefined => {
  for (const { pattern, certain } of FORMS) {
    const groups = pattern.exec(text)?.groups;
    if (!groups) continue;
    const typed = (groups.typed ?? '').trim();
    const read = typed === '' ? undefined : readCommandLine(typed);
    if (!certain && !isTyped(groups.sign ?? '', groups.typed ?? '', read, groups.host)) continue;
    const host = groups.host !== undefined && isShell(groups.host) ? undefined : groups.host;
    return { host, command: read, typed, certain: certain === true };
  }
  return undefined;
};

const isTyped = (sign: string, given: string, command: CommandLine | undefined, host: string | undefined): boolean => {
  if (given.trim() === '') return host === undefined ? false : /[a-z]/i.test(host) && /\d|-/.test(host);
  if (!command) return false;
  // `#ip route` may be a comment about it, `# ip route` may not.
  return given.startsWith(' ') || sign !== '#' || command.named?.common === false;
};
