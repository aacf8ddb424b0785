import { load } from 'js-yaml';
import { list, object, scanJson, text } from '../json-items.ts';

/** One Kubernetes object of a `kubectl get -o yaml|json` output, with the line at which it begins. */
export interface KubeObject {
  readonly kind: string | undefined;
  readonly value: Readonly<Record<string, unknown>>;
  readonly line: number;
}
/** A part that could not be read, and why. */
interface BrokenPart {
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}
export interface KubeDocuments {
  readonly objects: readonly KubeObject[];
  readonly broken: readonly BrokenPart[];
}

/** `ServiceList` holds objects that do not repeat their kind; a plain `List` does not tell it. */
const memberKind = (listKind: string | undefined): string | undefined =>
  listKind !== undefined && listKind !== 'List' && listKind.endsWith('List') ? listKind.slice(0, -4) : undefined;

const ITEMS_KEY = /"items"\s*:\s*(?=\[)/;
const KIND_KEY = /"kind"\s*:\s*"(\w+List)"/;
const lineAt = (whole: string, offset: number, first: number): number =>
  first + whole.slice(0, offset).split('\n').length - 1;

/** JSON: a List, an API's own `…List`, a bare array, or single objects; a document that was cut keeps its whole items. */
export const readKubeJson = (source: string, firstLine: number): KubeDocuments => {
  const objects: KubeObject[] = [];
  const broken: BrokenPart[] = [];
  const { items, broken: cut } = scanJson(source, firstLine);
  const addItems = (whole: string, line: number, kind: string | undefined) => {
    const key = ITEMS_KEY.exec(whole);
    if (!key) return;
    const at = key.index + key[0].length;
    for (const item of scanJson(whole.slice(at), lineAt(whole, at, line)).items)
      if (item.value.metadata !== undefined)
        objects.push({ kind: text(item.value.kind) ?? kind, value: item.value, line: item.line });
  };
  for (const item of items) {
    const kind = text(item.value.kind);
    if (Array.isArray(item.value.items)) addItems(item.text, item.line, memberKind(kind));
    else if (!('items' in item.value)) objects.push({ kind, value: item.value, line: item.line });
  }
  for (const part of cut) {
    addItems(part.text, part.line, memberKind(KIND_KEY.exec(part.text)?.[1]));
    broken.push({
      line: part.line,
      text: part.text.split('\n', 1)[0] ?? '',
      reason: 'the document ends before its end',
    });
  }
  return { objects, broken };
};

interface Part {
  readonly text: string;
  readonly line: number;
  readonly kind: string | undefined;
}

/** The documents between `---` lines; a List falls into its items, so that a broken one loses only itself and each knows its line. */
const yamlParts = (source: string, firstLine: number): Part[] => {
  const parts: Part[] = [];
  let start = 0;
  const lines = source.split('\n');
  const close = (end: number) => {
    parts.push(...listParts(lines.slice(start, end), firstLine + start));
    start = end + 1;
  };
  lines.forEach((line, i) => {
    if (/^---(?:\s|$)/.test(line)) close(i);
  });
  close(lines.length);
  return parts
    .filter((part) => /\S/.test(part.text.replace(/^#.*$/gm, '')))
    .map((part) => ({ ...part, line: part.line + leadingLines(part.text) }));
};

/** Blank lines and comments before a document's first line. */
const leadingLines = (text: string): number =>
  (/^(?:[ \t]*(?:#[^\n]*)?\n)*/.exec(text)?.[0].split('\n').length ?? 1) - 1;

const listParts = (lines: readonly string[], firstLine: number): Part[] => {
  const at = lines.findIndex((line) => /^items:\s*$/.test(line));
  const first = lines[at + 1];
  const indent = /^( *)- /.exec(first ?? '')?.[1];
  const whole = { text: lines.join('\n'), line: firstLine, kind: undefined };
  if (at < 0) return /^items:\s*(?:\[\]|null)\s*$/m.test(whole.text) ? [] : [whole];
  if (indent === undefined) return [];
  const kindLine = lines.find((line) => /^kind: \w+List\s*$/.test(line));
  const kind = memberKind(kindLine?.slice('kind: '.length).trim());
  const parts: Part[] = [];
  let open: string[] = [];
  let openLine = 0;
  const flush = () => {
    if (open.length > 0) parts.push({ text: open.join('\n'), line: openLine, kind });
    open = [];
  };
  for (let i = at + 1; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    if (line.startsWith(`${indent}- `)) {
      flush();
      openLine = firstLine + i;
      open.push(`  ${line.slice(indent.length + 2)}`);
    } else if (line.startsWith(`${indent}  `) || line.trim() === '') open.push(line.slice(indent.length));
    else break;
  }
  flush();
  return parts;
};

/** YAML of one or several documents. Timestamps stay text, as no field that is read is one. */
export const readKubeYaml = (source: string, firstLine: number): KubeDocuments => {
  const objects: KubeObject[] = [];
  const broken: BrokenPart[] = [];
  for (const part of yamlParts(source, firstLine)) {
    try {
      const value = load(part.text);
      const members = Array.isArray(value) ? list(value).map(object) : [object(value)];
      for (const member of members)
        objects.push({ kind: text(member.kind) ?? part.kind, value: member, line: part.line });
    } catch (error) {
      const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'not YAML';
      broken.push({ line: part.line, text: part.text.trimStart().split('\n', 1)[0] ?? '', reason });
    }
  }
  return { objects, broken };
};
