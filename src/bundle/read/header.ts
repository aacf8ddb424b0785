import { isProse } from '../../captures/prose.ts';
import { type CommandLine, readCommandLine } from '../layouts/command-line.ts';

/** A line between two outputs of a file that holds several. */
export interface Header {
  /** The output's command, where the line tells one. */
  readonly command?: CommandLine;
  /** A file's name or a section's title in place of a command: `==> node1/ip_addr.txt <==`. */
  readonly title?: string;
  /** The machine at whose prompt the command was typed, or that a title names. */
  readonly node?: string;
  readonly namespace?: string;
  /** A word that tells this output of a tool's several: `policy` in the file `xfrm.log`. */
  readonly section?: string;
  /** Markdown's line around an output: what stands above the first of two is the output's header. */
  readonly fence?: true;
  /** Only a collector writes such a line. */
  readonly collected?: true;
}

/** What ends an output without beginning another. */
const BOUNDARY: Header = {};
const COLLECTED: Header = { collected: true };
const FENCE: Header = { fence: true };

const PROMPT =
  /^(?:\[(?<user>[\w.-]{1,32})@(?<host>[\w.-]{1,64}) [^\]]{0,80}\]|(?<user2>[\w.-]{1,32})@(?<host2>[\w.-]{1,64})[: ][^#$%>]{0,80}|(?<host3>[\w.-]{1,64}):[^#$%>\s]{1,80} ?|(?:ba)?sh-\d[\d.]{0,5}|[~/][\w./~-]{0,60} ?)?(?<sign>[#$%>])(?: +(?<command>\S.*))?$/;
const BANNER = /^(?<mark>={2,}|-{3,}|#{2,}|\*{3,}|~{3,})>?\s*(?<text>[^=#*~\s-].*?)\s*<?(?:[=#*~-]{2,})?$/;
const TRACE = /^\+{1,2} (?<command>\S.*)$/;

/**
 * Reads a line as a header: a shell's prompt, a trace of `sh -x`, a banner around a command or a file's name, and the forms of collectors
 * (supportconfig, diagnose_k8s, EKS, ipsec barf). Every other line is an output's own.
 */
export const headerIn = (line: string): Header | undefined => {
  if (line.length > 600 || line.length < 2) return undefined;
  switch (line[0]) {
    case '#':
      return suse(line) ?? prompt(line) ?? banner(line);
    case '=':
    case '*':
    case '~':
      return banner(line);
    case '-':
      return line.startsWith('---') ? (ack(line) ?? banner(line)) : undefined;
    case '+':
      return trace(line);
    case '`':
      return line.startsWith('```') ? FENCE : undefined;
    case 'n':
      if (line.startsWith('netns: ')) return { namespace: line.slice(7).trim() };
      break;
    default:
  }
  return /[#$%>]/.test(line.slice(0, 160)) ? prompt(line) : undefined;
};

const commandHeader = (text: string, about: Pick<Header, 'node' | 'namespace'> = {}): Header | undefined => {
  const command = readCommandLine(text);
  return command && { ...about, command };
};

const suse = (line: string): Header | undefined => {
  if (line.startsWith('#==[')) return COLLECTED;
  return line.startsWith('# /') ? (commandHeader(line.slice(2)) ?? { title: line.slice(2) }) : undefined;
};

const ack = (line: string): Header | undefined => {
  const run = /^-{5,}\s?run (?<command>[^-\s].*?)-{5,}$/.exec(line)?.groups?.command;
  if (run !== undefined) return commandHeader(run) ?? COLLECTED;
  return /^-{5,}End of [^-\s]\S{0,60}$/.test(line) ? BOUNDARY : undefined;
};

const trace = (line: string): Header | undefined => {
  if (/^\+ _{10,} \S+$/.test(line)) return COLLECTED;
  const command = TRACE.exec(line)?.groups?.command;
  return command === undefined ? undefined : (commandHeader(command) ?? undefined);
};

const prompt = (line: string): Header | undefined => {
  const groups = PROMPT.exec(line)?.groups;
  if (!groups) return undefined;
  const host = groups.host ?? groups.host2 ?? groups.host3;
  const node = host === undefined ? {} : { node: host };
  if (groups.command === undefined) return host === undefined ? undefined : BOUNDARY;
  // A prompt with a user's name is one whatever was typed at it; a bare `#` or `>` may stand before any word.
  return commandHeader(groups.command, node) ?? ((groups.user ?? groups.user2) ? BOUNDARY : undefined);
};

const banner = (line: string): Header | undefined => {
  const section = /^\*{10,} (?<section>[^*]{1,60}) \*{10,}$/.exec(line)?.groups?.section;
  if (section !== undefined) return { section };
  const text = BANNER.exec(line)?.groups?.text;
  if (text === undefined) return undefined;
  const inner = text
    .replace(/^(?:[Oo]utput of|[Cc]ommand|CMD|cmd|[Rr]unning|[Rr]un|[Ee]xecuting)\s*:?\s+/, '')
    .replace(/^[`'"$]\s?|[`'":]+$/g, '');
  return commandHeader(inner) ?? titled(inner);
};

/** A title names a file, or a machine: a word with a digit in it. */
const titled = (text: string): Header | undefined => {
  if (/^[^\s]{1,200}\.(?:txt|log|out)$/.test(text) || /^\/proc\/\S{1,100}$/.test(text)) return { title: text };
  const machine =
    /^(?:(?:[Nn]ode|[Hh]ost|HOST|NODE|[Ss]erver|[Mm]achine)\s*[:=]?\s*)?(?<name>[a-z][a-z0-9.-]{0,62})$/.exec(text);
  const named = text.length > (machine?.groups?.name?.length ?? 0);
  const name = machine?.groups?.name;
  return name !== undefined && (named || /\d/.test(name)) ? { node: name } : undefined;
};

/** The command that some collectors write as a file's first line, with nothing around it. */
export const bareCommand = (line: string): CommandLine | undefined => {
  if (line.length > 300 || /^\S+ v\d|: |^\S+:|\t/.test(line)) return undefined;
  const command = readCommandLine(line);
  if (!command?.named || command.named.common) return undefined;
  return /^\S+ \S/.test(line) || ALONE.test(line) ? command : undefined;
};

/** Commands that say everything without an argument. */
const ALONE = /^(?:ip6?tables(?:-nft|-legacy)?-save|ipvsadm|ifconfig|dmesg|nstat|conntrack)\s*$/;

/** A command of which nothing is read, alone on its line: what stands under it is its own. */
export const otherCommand = (line: string): boolean => {
  if (line.length > 300 || !/^[a-z][\w.-]{1,20} \S/.test(line) || /^\S+ v\d|: |^\S+:|\t/.test(line) || isProse(line))
    return false;
  return readCommandLine(line) !== undefined;
};
