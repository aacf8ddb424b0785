import { type CommandLine, readCommandLine } from '../layouts/command-line.ts';

/** A loop of the shell over machines or namespaces, whose outputs stand under one another. */
export interface Loop {
  /** The words that it goes over, as far as they stand there. */
  readonly names: readonly string[];
  readonly what: 'node' | 'namespace';
  readonly command: CommandLine | undefined;
}

const LOOP = /^for +(?<variable>\w{1,40}) +in +(?<words>[^;]{1,600}); *do +(?<body>.{1,600})$/;

export const loopIn = (typed: string): Loop | undefined => {
  const groups = LOOP.exec(typed.slice(0, 1400))?.groups;
  if (!groups) return undefined;
  const { variable = '', words = '', body = '' } = groups;
  const used = new RegExp(`\\$\\{?${variable}\\}?`, 'g');
  const command = body
    .split(/;|&&/)
    .map((part) => readCommandLine(part.replace(used, 'each')))
    .find((read) => read?.named !== undefined);
  return {
    names: expanded(words.trim()),
    what: /\b(?:netns +exec|exec) /.test(body) && !/\bssh\b|docker/.test(body) ? 'namespace' : 'node',
    command,
  };
};

const expanded = (words: string): readonly string[] =>
  words.split(/ +/).flatMap((word) => {
    const range = /^(?<before>[\w.-]*)\{(?<from>\d{1,4})\.\.(?<to>\d{1,4})\}(?<after>[\w.-]*)$/.exec(word)?.groups;
    if (range) {
      const [from, to] = [Number(range.from), Number(range.to)];
      return Array.from(
        { length: Math.min(Math.max(0, to - from + 1), 256) },
        (_, i) => `${range.before}${from + i}${range.after}`,
      );
    }
    const list = /^(?<before>[\w.-]*)\{(?<inside>[\w.,-]+)\}(?<after>[\w.-]*)$/.exec(word)?.groups;
    if (list) return (list.inside ?? '').split(',').map((inside) => `${list.before}${inside}${list.after}`);
    return /^[\w.@-]+$/.test(word) ? [word.replace(/^.*@/, '')] : [];
  });
