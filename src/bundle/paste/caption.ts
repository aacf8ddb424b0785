import { isProse } from '../../captures/prose.ts';
import { type CommandLine, readCommandLine } from '../layouts/command-line.ts';
import { isHostName, looksLikeMachine, MACHINE_NOUN } from './machine-word.ts';

/** A line that says what stands below it: whose it is, which command printed it, or both. */
export interface Caption {
  readonly node: string | undefined;
  readonly command: CommandLine | undefined;
  /** A heading, bold or between bars: it was written to stand above something. */
  readonly decorated: boolean;
}

/** What is known of the text around. */
export interface Around {
  /** An output, a fence, a prompt or another caption stands right below. */
  readonly leads: boolean;
  /** Machines that prompts and tools of this text name. */
  readonly known: ReadonlySet<string>;
}

const DECORATIONS: readonly { readonly pattern: RegExp; readonly strong?: true }[] = [
  { pattern: /^\s{0,3}#{1,6}\s{1,4}(?<inner>\S.*?)\s*#{0,6}$/, strong: true },
  { pattern: /^h[1-6]\. ?(?<inner>.+)$/, strong: true },
  {
    pattern:
      /^(?:={2,}|-{2,}|\*{3,}|~{3,}|\+{3,}|_{3,}|>{2,}|#{2,}|\u2500{2,}|\u2550{2,})\s{0,3}(?<inner>[^=*~+_#>\s-].*?)\s{0,3}(?:[=*~+_<#\u2500\u2550-]{2,})?$/,
    strong: true,
  },
  { pattern: /^\*\*(?<inner>[^*].*?)\*\*[:\uff1a]?$/, strong: true },
  { pattern: /^__(?<inner>[^_].*?)__[:\uff1a]?$/, strong: true },
  { pattern: /^\*(?<inner>[^*\s][^*]*)\*[:\uff1a]?$/, strong: true },
  {
    pattern:
      /^<(?:h[1-6]|b|strong|p|div|td|th|li|dt|u|i|em|caption|figcaption)[^<>]{0,120}>(?<inner>.*?)<\/[a-z1-6]{1,10}>[:\uff1a]?(?:<br ?\/?>)?$/i,
    strong: true,
  },
  { pattern: /^\[(?:b|u|i|h\d)\](?<inner>[^[\]]{1,200})\[\/(?:b|u|i|h\d)\][:\uff1a]?$/i, strong: true },
  { pattern: /^\[(?<inner>[^[\]]{1,80})\][:\uff1a]?$/, strong: true },
  { pattern: /^[\u3010\u3014\u300c\u300e](?<inner>.{1,120}?)[\u3011\u3015\u300d\u300f][:\uff1a]?$/, strong: true },
  { pattern: /^`{1,2}(?<inner>[^`]+)`{1,2}[:\uff1a]?$/ },
  {
    pattern:
      /^(?:[-*+\u2022\u00b7\u25cf\u25aa]|\(?\d{1,2}[.)\u3001]|\(?[a-h][.)]|\u7b2c?[\u4e00-\u5341][\u3001.])\s{1,4}(?<inner>\S.*)$/,
  },
  { pattern: /^(?<inner>.*?\S)\s?(?:::|[:\uff1a])$/ },
];

const NAME = '(?<name>[A-Za-z0-9][\\w.-]{0,62})';
const TAIL = '(?: ?[(\uff08][^)\uff09]{0,80}[)\uff09])?';
const OF_OUTPUT =
  '(?:outputs?|results?|captures?|logs?|infos?|information|state|dumps?|data|details|config(?:uration)?|commands?)';

const PLACES: readonly { readonly pattern: RegExp; readonly sure?: true }[] = [
  {
    pattern:
      /^(?:hostname|host_name|HOSTNAME|host|HOST|Host|Hostname|node|Node|NODE|nodename|machine|server)\s?[=:\uff1a]\s?(?<name>[A-Za-z0-9][\w.-]{0,62})$/,
    sure: true,
  },
  {
    pattern: new RegExp(
      `^(?:(?:on|at|from|in|for|inside)\\s+)?(?:the\\s+|my\\s+|our\\s+)?(?<noun>${MACHINE_NOUN})\\s*(?:name(?:d)?|called)?\\s*[#"'\`]?${NAME}["'\`]?${TAIL}$`,
      'i',
    ),
    sure: true,
  },
  {
    pattern: new RegExp(
      `^(?:on|at|from|inside)\\s+(?:the\\s+|my\\s+|our\\s+)?["'\`*]{0,2}${NAME}["'\`*]{0,2}(?:\\s+${MACHINE_NOUN})?${TAIL}$`,
      'i',
    ),
  },
  {
    pattern: new RegExp(
      `^${OF_OUTPUT}\\s+(?:of|on|from|at|in)\\s+(?:the\\s+)?(?:(?<noun>${MACHINE_NOUN})\\s+)?["'\`]?${NAME}["'\`]?(?:\\/[\\w.-]{1,20})?(?:[ ,(].{0,120})?$`,
      'i',
    ),
  },
  { pattern: new RegExp(`^["'\`@]?${NAME}["'\`]?(?:\\s+${MACHINE_NOUN})?${TAIL}$`) },
  { pattern: new RegExp(`^["'\`]?${NAME}["'\`]?(?:'s)?\\s+${OF_OUTPUT}$`) },
  {
    pattern: new RegExp(
      `^(?:\u5728|\u4ece|\u767b\u5f55)?\\s?(?:${MACHINE_NOUN})?\\s?[:\uff1a]?\\s?["'\`]?${NAME}["'\`]?\\s?(?:${MACHINE_NOUN}\\s?)?(?:\u4e0a\u9762|\u4e0a|\u4e2d|\u7684)?(?:\u6267\u884c|\u8fd0\u884c|\u67e5\u770b|\u8f93\u51fa|\u7ed3\u679c|\u4fe1\u606f|\u914d\u7f6e|\u7684|\u5982\u4e0b|\u547d\u4ee4){0,5}$`,
    ),
  },
];

const QUOTED =
  /[`'"\u2018\u201c\u300c\u300e](?<text>[^`'"\u2018\u2019\u201c\u201d\u300d\u300f]{2,240})[`'"\u2019\u201d\u300d\u300f]/g;
const JOINTS =
  /^(?<command>.{2,200}?)(?:\s+(?:output|outputs|result|results))?\s+(?:on|at|from|in|of)\s+(?:the\s+)?(?<place>.{1,100})$/i;
const OF_COMMAND =
  /(?:output|outputs|result|results|show|shows|print|prints|printed|run|ran|running|execute|executed|executing|command|cmd|of|with|\u6267\u884c|\u8fd0\u884c|\u67e5\u770b|\u8f93\u51fa|\u547d\u4ee4|the)\s?[:\uff1a]?\s?$/i;

/** Reads a line as a caption; undefined where it is anything else. */
export const captionIn = (line: string, around: Around): Caption | undefined => {
  const whole = line.trim();
  if (whole.length < 2 || whole.length > 300) return undefined;
  const { inner, decorated, marked, coded } = undecorated(whole);
  if (inner === '' || !/[A-Za-z\d]/.test(inner)) return undefined;
  const node = placeIn(inner, around, decorated || marked);
  if (node !== undefined) return { node, command: undefined, decorated };
  const both = nodeAndCommand(inner, around, decorated || marked);
  if (both) return { ...both, decorated };
  const command =
    wholeCommand(inner, decorated || coded || marked || around.leads) ??
    (marked || decorated || around.leads ? spoken(inner) : undefined);
  if (!command) return undefined;
  return { node: command.node, command, decorated };
};

interface Inner {
  readonly inner: string;
  readonly decorated: boolean;
  /** It ends as what stands above something ends. */
  readonly marked: boolean;
  readonly coded: boolean;
}

const undecorated = (whole: string): Inner => {
  let inner = whole;
  let [decorated, marked, coded] = [false, false, false];
  for (let i = 0; i < 6; i += 1) {
    const found = DECORATIONS.find(({ pattern }) => pattern.test(inner));
    const text = found?.pattern.exec(inner)?.groups?.inner?.trim();
    if (!found || text === undefined || text === '') break;
    if (found.strong) decorated = true;
    if (/[:\uff1a]$/.test(inner)) marked = true;
    if (inner.startsWith('`')) coded = true;
    inner = text;
  }
  return { inner, decorated, marked, coded };
};

const placeIn = (inner: string, around: Around, strong: boolean): string | undefined => {
  if (!around.leads && !strong) return undefined;
  for (const { pattern, sure } of PLACES) {
    const groups = pattern.exec(inner)?.groups;
    if (groups?.name === undefined) continue;
    const name = named(groups.noun, groups.name);
    if (!around.leads && !sure) continue;
    if (isMachine(name, around) || ((sure || groups.noun !== undefined) && isNamed(groups.name, groups.noun)))
      return name;
  }
  return undefined;
};

/** `gateway A` is called by both words. */
const named = (noun: string | undefined, name: string): string =>
  noun !== undefined && (name.length === 1 || /^\d{1,3}$/.test(name)) && /^[a-z]+$/i.test(noun)
    ? `${noun}${name}`
    : name;

const isMachine = (name: string, { known }: Around): boolean => looksLikeMachine(name) || known.has(name.toLowerCase());

const NOT_NAMED =
  /^(?:and|or|is|has|the|side|name|names|info|information|status|list|logs?|ip|ips|address|addresses|details|network|networking|config|configuration|setup|version|os|kernel|output|routes?|rules?|with|where|which|that|itself|only|has|was|are)$/i;

const isNamed = (name: string, noun: string | undefined): boolean =>
  isHostName(name) && !NOT_NAMED.test(name) && (noun === undefined || /\d|[-_.]/.test(name) || /^[A-Z]/.test(name));

/** `ip route on node1`, `node1: ip route`, `ip route (node1)`. */
const nodeAndCommand = (
  inner: string,
  around: Around,
  strong: boolean,
): Pick<Caption, 'node' | 'command'> | undefined => {
  const before = /^["'`*]{0,2}(?<name>[A-Za-z0-9][\w.-]{0,62})["'`*]{0,2}\s?[:\uff1a,-]\s?(?<command>.{2,250})$/.exec(
    inner,
  )?.groups;
  if (before?.name !== undefined && isMachine(before.name, around)) {
    const command = wholeCommand(before.command ?? '', strong || around.leads);
    if (command) return { node: before.name, command };
  }
  const chinese =
    /^(?:\u5728|\u4ece)\s?["'`]?(?<name>[A-Za-z0-9][\w.-]{0,62})["'`]?\s?(?:\u8282\u70b9|\u4e3b\u673a|\u673a\u5668|\u670d\u52a1\u5668)?\s?(?:\u4e0a\u9762|\u4e0a|\u4e2d|\u91cc)?\s?(?:\u6267\u884c|\u8fd0\u884c|\u67e5\u770b|\u7684)?\s?(?<command>.{2,200})$/.exec(
      inner,
    )?.groups;
  if (chinese?.name !== undefined && isMachine(chinese.name, around)) {
    const command = spoken(chinese.command ?? '') ?? wholeCommand(chinese.command ?? '', true);
    if (command) return { node: chinese.name, command };
  }
  if (!strong && !around.leads) return undefined;
  const behind =
    JOINTS.exec(inner)?.groups ??
    /^(?<command>.{2,200}?)\s?[(\uff08@]\s?(?<place>[^()]{1,80}?)[)\uff09]?$/.exec(inner)?.groups;
  if (!behind) return undefined;
  const node = placeIn((behind.place ?? '').trim(), { ...around, leads: true }, true);
  if (node === undefined) return undefined;
  const text = behind.command ?? '';
  const command = wholeCommand(text, true) ?? spoken(text);
  return command && !isProse(`${text} x`) ? { node, command } : undefined;
};

/** The text is a command and nothing else. */
const wholeCommand = (text: string, expected: boolean): CommandLine | undefined => {
  const bare = text
    .replace(/^[`'"\s]+|[`'"\s]+$/g, '')
    .replace(/^(?:[Cc]ommand|CMD|cmd|[Rr]unning|[Rr]un|[Ee]xecuting|[Oo]utput of|[Rr]esult of)\s?:?\s+/, '')
    .replace(/^[$#%>] ?/, '')
    .replace(/^`/, '');
  const command = readCommandLine(bare);
  if (!command?.named || (command.named.common && !expected)) return undefined;
  return expected || !isProse(`${bare} x`) ? command : undefined;
};

/** A command that a sentence names: between quotes, or behind "output of" and the like. */
const spoken = (text: string): CommandLine | undefined => {
  for (const match of text.matchAll(QUOTED)) {
    const command = wholeCommand(match.groups?.text ?? '', true);
    if (command) return command;
  }
  const words = /[A-Za-z][\w-]*/g;
  for (let match = words.exec(text), count = 0; match && count < 40; match = words.exec(text), count += 1) {
    const before = text.slice(0, match.index);
    if (before !== '' && !OF_COMMAND.test(before.slice(-24))) continue;
    const rest = text
      .slice(match.index)
      .replace(
        /\s+(?:on|at|from|of|in|is|as|shows?|output|outputs|results?|prints?|before|after|during|while|when|looks?|\u7684|\u8f93\u51fa)\b.*$/i,
        '',
      )
      .replace(/[,;(\uff08\u7684].*$/, '');
    const command = readCommandLine(rest);
    if (command?.named && !command.named.common) return command;
  }
  return undefined;
};
