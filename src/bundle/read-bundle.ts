import { assign, type Placed } from './assign.ts';
import type { Bundle, IgnoredMember } from './bundle.ts';
import { BundleIndex, indexOf } from './bundle-index.ts';
import { BundleError } from './error.ts';
import { LIMITS, type Limits } from './limits.ts';
import { resolveLink } from './links.ts';
import { allClocks, type Clock } from './moments.ts';
import { archiveName } from './names.ts';
import { type BundleNote, note } from './note.ts';
import { obfuscationNotes } from './obfuscation.ts';
import { Damage, LimitReached } from './open/damage.ts';
import { openSource, type Source } from './open/source.ts';
import { Encrypted, Walk } from './open/walk.ts';
import type { BundleOptions } from './options.ts';
import { pasteNotes, unknownNotes } from './paste-notes.ts';
import type { Found, IgnoredWhy } from './read/finding.ts';
import { Harvest, headText, type Link, type ReadContext, readAs, readMember } from './read/read-members.ts';
import { type UnknownOutput, unknownOutputs } from './read/unknown-outputs.ts';

const IGNORED_KEPT = 5000;

/** One archive, folder or text, read, before it is known which of its collections are of one machine. */
export interface OneReading extends Pick<Bundle, 'name' | 'layout' | 'ignored' | 'origins' | 'unread'> {
  readonly path: string;
  readonly placed: readonly Placed[];
  /** Machines of which there is nothing that can be read. */
  readonly silent?: readonly string[];
  readonly notes: readonly BundleNote[];
  /** All that it tells of when these captures were taken. */
  readonly clocksOf: (placed: readonly Placed[]) => readonly Clock[];
}

/**
 * Reads a bundle: an archive in any of its forms, a folder, a text file, or `-` for standard input. Every capture is parsed while the
 * bytes stream by; nothing is written to disk. Throws BundleError where there is nothing to analyse.
 */
export const readOne = async (path: string, options: BundleOptions): Promise<OneReading> => {
  const limits: Limits = { ...LIMITS, ...options.limits };
  const source = await openSource(path, options.stdin ?? process.stdin, limits.keptBytes);
  const index = await indexOf(source, limits).catch(unreadable(path));
  const understood = index.signature;
  let reading = await readWith(index, source, limits, options).catch(unreadable(path));
  // A name behind the looked-through bytes may tell that the first ones were understood wrongly.
  if (reading.seen.signature !== understood)
    reading = await readWith(reading.seen, source, limits, options).catch(unreadable(path));
  const { harvest, context, damage } = reading;
  const { shown, units, notes } = context;
  await readLinks(source, harvest, context);
  const all = [...harvest.found.values()].flat();
  const { kept, dropped } = sift(all);
  for (const found of dropped) harvest.ignored.set(found.path, found.why ?? 'unread');
  if (damage) notes.unshift(note('truncated', { file: source.name, reason: damage.reason }));
  if (kept.length === 0) {
    const nothing = nothingFound(path, source, harvest, damage);
    const unknown = nothing.code === 'no-captures' ? await unknownIn(source, harvest, context) : [];
    if (unknown.length === 0) throw nothing;
    return ofUnknown(path, source, harvest, context, unknown);
  }
  for (const [file, times] of harvest.times)
    if (harvest.found.has(file)) notes.push(note('duplicate-member', { file: shown(file), times }));
  const placed = assign(kept, units, shownNames(reading.seen.wrapper, ''), archiveName(source.name));
  notes.push(...pasteNotes(placed), ...obfuscationNotes(placed, units));
  return {
    path,
    name: source.name,
    layout: units.layout,
    placed,
    clocksOf: (some) => allClocks(some, units, harvest.clocks, shown),
    ignored: ignoredOf(harvest, shown),
    notes,
    origins: [
      {
        source,
        repeats: harvest.times.size > 0,
        texts: harvest.kept.texts,
        paths: new Map(
          [...harvest.found.keys(), ...harvest.clocks.keys()].map((at) => [shown(at), harvest.targets.get(at) ?? at]),
        ),
      },
    ],
  };
};

/** A path without the bundle's own folder; a second path that would look like one already shown keeps it. */
const shownNames = (wrapper: string, under: string): ((path: string) => string) => {
  const owners = new Map<string, string>();
  return (path) => {
    const short = `${under}${path.startsWith(wrapper) ? path.slice(wrapper.length) : path}`;
    const owner = owners.get(short);
    if (owner !== undefined && owner !== path) return path;
    owners.set(short, path);
    return short;
  };
};

/** Errors of the whole bundle in the user's words; damage is no error as long as something came before it. */
const unreadable =
  (path: string) =>
  (error: unknown): never => {
    if (error instanceof Encrypted) throw new BundleError('encrypted', path);
    if (error instanceof LimitReached) throw new BundleError('too-large', path, error.message);
    if (error instanceof Error && 'code' in error && 'syscall' in error)
      throw new BundleError('not-readable', path, String(error.code));
    throw error;
  };

interface Reading {
  readonly harvest: Harvest;
  readonly context: ReadContext & { readonly notes: BundleNote[] };
  readonly damage: Damage | undefined;
  /** What all names tell. */
  readonly seen: BundleIndex;
}

/** One pass over all members, their names understood by the index. */
const readWith = async (
  index: BundleIndex,
  source: Source,
  limits: Limits,
  options: BundleOptions,
): Promise<Reading> => {
  const harvest = new Harvest();
  const notes: BundleNote[] = [];
  const context = {
    limits,
    notes,
    units: index.units,
    shown: shownNames(index.wrapper, options.shownUnder ?? ''),
    tell: (told: BundleNote) => {
      notes.push(told);
      if (told.code === 'encrypted-member') harvest.encrypted = true;
    },
    onMember: options.onMember ?? (() => undefined),
  };
  const seen = index.complete ? index : new BundleIndex();
  const walk = new Walk(source, limits, context.tell, options.onBytes);
  try {
    for await (const member of walk.members()) {
      if (!index.complete) await seen.add(member);
      await readMember(member, harvest, context);
    }
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    return { harvest, context, damage: error, seen };
  }
  return { harvest, context, damage: undefined, seen };
};

/** Links whose name is a capture's and whose target was read as nothing: the target is read under the link's name, in a second pass. */
const readLinks = async (source: Source, harvest: Harvest, context: ReadContext): Promise<void> => {
  const wanted = new Map<string, Link>();
  for (const link of harvest.links.values()) {
    const { kind, common } = link.facts;
    if (kind === undefined || kind === 'skip' || kind === 'clock' || common) continue;
    const target = resolveLink(link.path, harvest.links, harvest.files, context.limits.linkHops);
    if (target === undefined) {
      context.tell(note('dead-link', { file: context.shown(link.path), target: link.text }));
      harvest.ignored.set(link.path, 'dead-link');
    } else if (harvest.found.has(target) || wanted.has(target)) harvest.ignored.set(link.path, 'link');
    else wanted.set(target, link);
  }
  if (wanted.size === 0) return;
  const walk = new Walk(source, context.limits, () => undefined);
  try {
    for await (const member of walk.members()) {
      const link = wanted.get(member.path);
      if (!link || member.form !== 'text') continue;
      const tailed = member.path.endsWith('.tailed');
      const found = await readAs(member, { ...link.facts, tailed }, link.path, context, harvest.kept);
      const kept = found.filter((f) => f.capture);
      if (kept.length === 0) continue;
      harvest.ignored.delete(member.path);
      harvest.found.set(link.path, kept);
      harvest.targets.set(link.path, member.path);
    }
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
  }
};

/** An output that only its first lines made a capture has to go on as one. */
const sift = (all: readonly Found[]): { readonly kept: readonly Found[]; readonly dropped: readonly Found[] } => {
  const kept: Found[] = [];
  const dropped: Found[] = [];
  for (const found of all) {
    const { capture } = found;
    const guessed =
      found.byContent && capture !== undefined && (capture.records === 0 || capture.unread * 2 > capture.lines);
    (guessed ? dropped : kept).push(found);
  }
  return { kept, dropped };
};

const nothingFound = (path: string, source: Source, harvest: Harvest, damage: Damage | undefined): BundleError => {
  if (harvest.encrypted) return new BundleError('encrypted', path);
  if (damage) return new BundleError('corrupt', path, damage.message);
  if (harvest.files.size === 0 || (source.kind !== 'folder' && source.bytes === 0))
    return new BundleError('empty', path);
  const whys = new Set<IgnoredWhy>(harvest.ignored.values());
  if ([...whys].every((why) => why === 'empty')) return new BundleError('empty', path);
  if (harvest.files.size === 1 && whys.has('binary') && source.kind !== 'folder')
    return new BundleError('not-an-archive', path);
  if (whys.has('packet-capture')) return new BundleError('packet-capture', path);
  return new BundleError('no-captures', path);
};

/** Members that are looked through for outputs that nothing reads, characters of each, and what is kept of all. */
const UNKNOWN = { members: 200, characters: 256 * 1024, outputs: 8 };

/** What was pasted or collected and no module reads: told in the report, so that its reader knows that it was not looked at. */
const unknownIn = async (source: Source, harvest: Harvest, context: ReadContext): Promise<readonly UnknownOutput[]> => {
  const outputs: UnknownOutput[] = [];
  let members = 0;
  const walk = new Walk(source, context.limits, () => undefined);
  try {
    for await (const member of walk.members()) {
      const why = harvest.ignored.get(member.path);
      if (member.form !== 'text' || member.link !== null || (why !== 'unknown' && why !== 'unread')) continue;
      members += 1;
      outputs.push(...unknownOutputs(context.shown(member.path), await headText(member, UNKNOWN.characters)));
      if (members >= UNKNOWN.members || outputs.length >= UNKNOWN.outputs) break;
    }
  } catch (error) {
    if (!(error instanceof Damage || error instanceof LimitReached)) throw error;
  }
  return outputs.slice(0, UNKNOWN.outputs);
};

/** A bundle of outputs that nothing reads: the machines that its prompts and folders name, without a capture. */
const ofUnknown = (
  path: string,
  source: Source,
  harvest: Harvest,
  { shown, notes }: Reading['context'],
  unknown: readonly UnknownOutput[],
): OneReading => {
  const folderOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : undefined);
  const names = new Set(unknown.map(({ host, file }) => host ?? folderOf(file) ?? archiveName(source.name)));
  const files = new Set(unknown.map(({ file }) => file));
  return {
    path,
    name: source.name,
    layout: 'generic',
    placed: [],
    clocksOf: () => [],
    silent: [...names],
    ignored: ignoredOf(harvest, shown),
    notes: [...notes, ...unknownNotes(unknown)],
    unread: unknown.flatMap(({ lines }) => lines),
    origins: [
      {
        source,
        repeats: harvest.times.size > 0,
        texts: new Map(),
        paths: new Map([...harvest.files].map((at) => [shown(at), at] as const).filter(([file]) => files.has(file))),
      },
    ],
  };
};

const ignoredOf = (harvest: Harvest, shown: (path: string) => string): readonly IgnoredMember[] =>
  [...harvest.ignored].slice(0, IGNORED_KEPT).map(([path, why]) => ({ file: shown(path), why }));
