import { isCluster } from '../captures/known-formats.ts';
import { namedIn } from './layouts/command-words.ts';
import { foldersOf, isStructure, isWrapper } from './layouts/folders.ts';
import { factsOfName } from './layouts/member-name.ts';
import { Units } from './layouts/units.ts';
import type { Limits } from './limits.ts';
import { sameMachine } from './names.ts';
import { Damage, LimitReached } from './open/damage.ts';
import type { Source } from './open/source.ts';
import { type Member, Walk } from './open/walk.ts';

const JUNK = /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|\._|\.git\/)/;

/** What the members' names tell of the bundle. */
export class BundleIndex {
  readonly units = new Units();
  /** False where the names end before the bundle does. */
  complete = true;
  readonly #paths: string[] = [];
  readonly #hosts = new Map<string, string>();

  /** Before the member's content is read. */
  async add(member: Member): Promise<void> {
    this.units.learn(member.path);
    if (member.link !== null || JUNK.test(member.path)) return;
    this.#paths.push(member.path);
    await keepHost(member, this.#hosts);
  }

  /** The folder around everything, slash included: no part of a file's shown name. */
  get wrapper(): string {
    return wrapperOf(this.#paths, this.#hosts, this.units);
  }

  /** The same where all members would be understood the same way. */
  get signature(): string {
    return `${this.wrapper}\n${this.units.signature}`;
  }
}

/**
 * Looks through the names, for as many bytes as the limit says: nothing else of a big bundle is unpacked twice. The reading sees the
 * names behind them.
 */
export const indexOf = async (source: Source, limits: Limits): Promise<BundleIndex> => {
  const index = new BundleIndex();
  const walk = new Walk(
    source,
    { ...limits, totalBytes: Math.min(limits.totalBytes, limits.indexBytes) },
    () => undefined,
  );
  try {
    for await (const member of walk.members()) {
      await index.add(member);
      if (walk.bytesOut + walk.bytesIn > limits.indexBytes) {
        index.complete = false;
        break;
      }
    }
  } catch (error) {
    // The reading meets the damage again, and tells.
    if (error instanceof Damage) return index;
    if (!(error instanceof LimitReached && walk.bytesOut > limits.indexBytes)) throw error;
    index.complete = false;
  }
  return index;
};

/** A node's own name, by folder: the hostname's word before uname's. */
const keepHost = async (member: Member, hosts: Map<string, string>): Promise<void> => {
  const cut = member.path.lastIndexOf('/') + 1;
  const base = member.path.slice(cut);
  if (!/^(?:hostname|uname)/i.test(base) || member.form !== 'text') return;
  const kind = namedIn(base)?.kind;
  const text = (await member.content.peek(256).catch(() => Buffer.alloc(0))).toString('latin1').trim();
  const name = kind === 'uname' ? /^Linux (\S+) \d/.exec(text)?.[1] : /^[\w.-]+$/.exec(text)?.[0];
  const folder = member.path.slice(0, cut);
  if (name !== undefined && (kind === 'hostname' || !hosts.has(folder))) hosts.set(folder, name);
};

/** The common folder; where the captures lie in it directly and it bears their node's name, the folder above. */
const wrapperOf = (paths: readonly string[], hosts: ReadonlyMap<string, string>, units: Units): string => {
  const folders = commonFolders(paths);
  // A collector's own folder is no node's name but its archive's.
  if (units.of(joined(folders))?.root === joined(folders)) return joined(folders);
  const common = [...folders];
  while (folders.length > 0 && isStructure(folders.at(-1) ?? '')) folders.pop();
  const last = folders.at(-1);
  if (last === undefined) return joined(leadingWrappers(common));
  if (last.endsWith('!')) return joined(folders);
  const inside = joined(folders);
  if (!paths.some((path) => holdsDirectly(path.slice(inside.length)))) return inside;
  const host = hosts.get(inside);
  return host === undefined || sameMachine(host, last) ? joined(folders.slice(0, -1)) : inside;
};

/** Folders that people put everything into: part of no name. */
const leadingWrappers = (folders: readonly string[]): readonly string[] => {
  const end = folders.findIndex((folder) => !isWrapper(folder));
  return end < 0 ? folders : folders.slice(0, end);
};

/** A capture of the folder's own machine, not of one in a folder below. */
const holdsDirectly = (path: string): boolean => {
  const segments = path.split('/');
  const { node, namespace } = foldersOf(segments.slice(0, -1));
  if (node.length > 0 || namespace !== undefined) return false;
  const { kind, common, label } = factsOfName(path);
  return (
    kind !== undefined &&
    kind !== 'skip' &&
    kind !== 'clock' &&
    (kind === 'many' || !isCluster(kind)) &&
    !common &&
    label === undefined
  );
};

const joined = (folders: readonly string[]): string => (folders.length === 0 ? '' : `${folders.join('/')}/`);

const commonFolders = (paths: readonly string[]): string[] => {
  const [first = '', ...others] = paths;
  const common = first.split('/').slice(0, -1);
  for (const path of others) {
    const segments = path.split('/');
    let same = 0;
    while (same < common.length && same < segments.length - 1 && common[same] === segments[same]) same += 1;
    common.length = same;
    if (same === 0) break;
  }
  return common;
};
