import { readCommandLine } from '../../layouts/command-line.ts';
import { startOf } from '../first-lines.ts';
import type { Line } from '../line.ts';
import { isHostName, looksLikeMachine } from '../machine-word.ts';
import { type EmbeddedText, linesAt } from './embedded-text.ts';

/** A text value: where it stands in the document, and in the file. */
interface TextValue {
  readonly path: readonly string[];
  readonly text: string;
  readonly number: number;
}

const COMMAND_KEYS: ReadonlySet<string> = new Set(['cmd', 'command', '_raw_params', 'cmdline', 'argv']);
const HOST_KEYS: ReadonlySet<string> = new Set([
  'host',
  'hostname',
  'node',
  'minion',
  'server',
  'machine',
  'instance',
  'nodename',
  'inventory_hostname',
]);
const DEEPEST = 40;

/**
 * Outputs inside a JSON document: objects of command to output, lists of `{host, cmd, stdout}`, what Ansible's callback, salt and the like write. A value is an output
 * where its key or a sibling is a command, or where its first lines show what it is.
 */
export const outputsOfJson = (text: string): readonly EmbeddedText[] => {
  const values = textValues(text);
  const siblings = new Map<string, TextValue[]>();
  for (const value of values) {
    const key = JSON.stringify(value.path.slice(0, -1));
    siblings.set(key, [...(siblings.get(key) ?? []), value]);
  }
  const used = new Set<string>();
  return values.flatMap((value): readonly EmbeddedText[] => {
    const { path } = value;
    const inList = /^\d+$/.test(path.at(-1) ?? '');
    const owner = inList ? path.slice(0, -1) : path;
    const holder = owner.slice(0, -1);
    const name = (owner.at(-1) ?? '').replace(/_lines$/, '');
    const id = JSON.stringify([holder, name]);
    if (used.has(id)) return [];
    const lines: readonly Line[] = inList
      ? (siblings.get(JSON.stringify(owner)) ?? []).flatMap((part) => linesAt(part.text, part.number))
      : linesAt(value.text, value.number);
    const command = commandOf(owner, siblings);
    const shows = lines.slice(0, 5).some((line) => startOf(line.text) !== undefined);
    if (COMMAND_KEYS.has(name) || HOST_KEYS.has(name) || (!shows && (command === undefined || lines.length < 2)))
      return [];
    used.add(id);
    return [{ lines, node: hostOf(owner, siblings), ...(command === undefined ? {} : { command }) }];
  });
};

type Siblings = ReadonlyMap<string, readonly TextValue[]>;

/** The command that printed a value: its key, a sibling, or the key of what it stands in. */
const commandOf = (owner: readonly string[], siblings: Siblings): string | undefined => {
  const [key = ''] = owner.slice(-1);
  if (readCommandLine(key)?.named) return key;
  const holder = owner.slice(0, -1);
  const beside = siblings.get(JSON.stringify(holder)) ?? [];
  const own = beside.find(({ path }) => COMMAND_KEYS.has(path.at(-1) ?? ''))?.text;
  const listed = ['cmd', 'command', 'argv']
    .map((name) => (siblings.get(JSON.stringify([...holder, name])) ?? []).map(({ text }) => text).join(' '))
    .find((words) => words !== '');
  const said = own ?? listed;
  if (said !== undefined && readCommandLine(said)) return said;
  return [...holder].reverse().find((name) => readCommandLine(name)?.named);
};

/** The machine: a sibling that says so, the key under `hosts`, else a key above the command that looks like one. */
const hostOf = (owner: readonly string[], siblings: Siblings): string | undefined => {
  for (let depth = owner.length - 1; depth >= 0; depth -= 1) {
    const beside = siblings.get(JSON.stringify(owner.slice(0, depth))) ?? [];
    const named = beside.find(({ path, text }) => HOST_KEYS.has((path.at(-1) ?? '').toLowerCase()) && isHostName(text));
    if (named) return named.text;
    if (owner[depth - 1] === 'hosts' && isHostName(owner[depth] ?? '')) return owner[depth];
  }
  const above = owner.filter((key) => !/^\d+$/.test(key) && !readCommandLine(key));
  return above.find(looksLikeMachine);
};

/** All texts of a document with their lines in the file. What is no JSON ends the search. */
const textValues = (text: string): readonly TextValue[] => {
  const values: TextValue[] = [];
  const stack: { readonly list: boolean; key: string; index: number }[] = [];
  let number = 1;
  let expectsKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\n') number += 1;
    else if (char === '{' || char === '[') {
      if (stack.length >= DEEPEST) return values;
      stack.push({ list: char === '[', key: '', index: 0 });
      expectsKey = char === '{';
    } else if (char === '}' || char === ']') stack.pop();
    else if (char === ',') {
      const top = stack.at(-1);
      if (top?.list) top.index += 1;
      expectsKey = top?.list === false;
    } else if (char === '"') {
      const end = endOfString(text, at);
      if (end < 0) return values;
      const top = stack.at(-1);
      const value = textOf(text.slice(at, end + 1));
      if (value === undefined) return values;
      if (top && !top.list && expectsKey) {
        top.key = value;
        expectsKey = false;
      } else if (top)
        values.push({
          path: stack.map((level) => (level.list ? String(level.index) : level.key)),
          text: value,
          number,
        });
      at = end;
    }
  }
  return values;
};

const endOfString = (text: string, from: number): number => {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
    else if (text[at] === '\n') return -1;
  }
  return -1;
};

const textOf = (literal: string): string | undefined => {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
};
