import { type TypedCommand, tablesOf } from '../../captures/iptables/typed-commands.ts';
import { LineNumbers } from '../../captures/line-numbers.ts';
import { type OutputRead, OutputReader } from './output-reader.ts';

/** Commands that somebody typed at one place, read as the rules that they make; one output for each address family. */
export const readTyped = (
  file: string,
  commands: readonly TypedCommand[],
): readonly (OutputRead & { readonly command: string })[] =>
  tablesOf(commands).map(({ family, lines }) => {
    const numbers = new LineNumbers();
    const firstLine = lines[0]?.number ?? 1;
    const command = family === 6 ? 'ip6tables-save' : 'iptables-save';
    lines.forEach(({ number }, i) => {
      numbers.add(firstLine + i, number);
    });
    const reader = new OutputReader({
      file,
      firstLine,
      kind: 'iptables-save',
      common: false,
      command,
      family,
      device: undefined,
      numbers,
    });
    reader.push(lines.map(({ text }) => `${text}\n`).join(''));
    const read = reader.end(true);
    return { ...read, command, capture: read.capture && { ...read.capture, origin: 'typed' as const } };
  });
