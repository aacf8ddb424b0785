import type { CaptureKind } from '../records/capture.ts';
import { LABEL_WORDS, TAKE_WORDS } from './layouts/tool-words.ts';
import { archiveName, sameMachine } from './names.ts';
import { ownName } from './own-name.ts';
import type { Found } from './read/finding.ts';

/** A found output and the folders that it lies in. */
export interface InFolders {
  readonly found: Found;
  readonly folders: readonly string[];
  readonly namespace: string | undefined;
}

/** A file with several outputs of a machine in it. */
interface MachineFile {
  readonly list: readonly Found[];
  readonly kinds: ReadonlySet<CaptureKind | undefined>;
  readonly own: string | undefined;
  readonly stem: string;
}

/**
 * Whose the outputs of a folder's files are, where each file is one machine's (`alpha.log`, `barf-gw-a.txt`) or one file is several
 * machines', one after another. A folder that is one machine's in several files is none of these: its files tell different things.
 */
export const nodesOfFiles = (key: string, group: readonly InFolders[]): ReadonlyMap<Found, string> => {
  const nodes = new Map<Found, string>();
  const byPath = new Map<string, Found[]>();
  for (const { found } of group) byPath.set(found.path, [...(byPath.get(found.path) ?? []), found]);
  const files = [...byPath.values()].filter((list) => list.length > 1).map(machineFile);
  for (const { list } of files) for (const [found, node] of turnsOf(list)) nodes.set(found, node);
  const names = files.flatMap((file) => file.own ?? []);
  const several = names.some((name) => !sameMachine(name, names[0] ?? ''));
  for (const file of files) {
    const alone = files.filter((other) => other !== file).every((other) => !sameStory(file, other));
    const node = several
      ? (file.own ?? (alone ? undefined : file.stem))
      : key === '' && !alone
        ? (file.own ?? file.stem)
        : undefined;
    if (node === undefined || node === '') continue;
    for (const found of file.list) if (!nodes.has(found)) nodes.set(found, node);
  }
  return nodes;
};

const machineFile = (list: readonly Found[]): MachineFile => ({
  list,
  kinds: new Set(list.map((found) => found.kind)),
  own: ownName(list.filter((found) => found.namespace === undefined)),
  stem: stemOf(list[0]?.path ?? ''),
});

/** A file's name without what tells two takes of one machine apart. */
const stemOf = (path: string): string =>
  archiveName(path)
    .split(/(?=[-_. ])/)
    .filter((part) => !isTake(part.replace(/^[-_. ]/, '').toLowerCase()))
    .join('');

const isTake = (word: string): boolean => TAKE_WORDS.has(word) || LABEL_WORDS.has(word) || /^\d{1,14}$/.test(word);

/** Two files that hold mostly the same kinds of output are of two machines, unless they are two takes of one. */
const sameStory = (a: MachineFile, b: MachineFile): boolean => {
  if (a.stem === b.stem) return false;
  const shared = [...a.kinds].filter((kind) => b.kinds.has(kind)).length;
  return shared * 2 > Math.min(a.kinds.size, b.kinds.size) && shared > 1;
};

/** One file in which one machine after another tells its name. */
const turnsOf = (list: readonly Found[]): ReadonlyMap<Found, string> => {
  const names = list.map(identityOf);
  const nodes = new Map<Found, string>();
  const told = names.filter((name) => name !== undefined);
  if (told.every((name) => sameMachine(name, told[0] ?? ''))) return nodes;
  let current = names.find((name) => name !== undefined) ?? '';
  list.forEach((found, at) => {
    const ahead = found.kind === 'date' || found.kind === 'uname' ? names.slice(at + 1, at + 3) : [];
    current = names[at] ?? ahead.find((name) => name !== undefined) ?? current;
    nodes.set(found, current);
  });
  return nodes;
};

const identityOf = (found: Found): string | undefined =>
  found.namespace === undefined && (found.kind === 'hostname' || found.kind === 'uname') ? ownName([found]) : undefined;
