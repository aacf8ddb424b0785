import { BINARY_HEAD, binaryFormatOf } from '../../captures/binary-formats.ts';
import { plainText } from '../../captures/plain-text.ts';
import { PlainSlices } from '../../captures/read-text.ts';
import { factsOfName, type NameFacts } from '../layouts/member-name.ts';
import type { Units } from '../layouts/units.ts';
import type { Limits } from '../limits.ts';
import { type BundleNote, note } from '../note.ts';
import { Damage, LimitReached } from '../open/damage.ts';
import type { Member } from '../open/walk.ts';
import { TextOfBytes } from './decode.ts';
import type { Found, IgnoredWhy } from './finding.ts';
import { KeptTexts } from './kept-texts.ts';
import { MemberFeed } from './member-feed.ts';
import { MemberReader } from './member-reader.ts';
import { readBinary } from './read-binary.ts';

export interface Link {
  readonly path: string;
  /** Undefined where it leads out of the bundle. */
  readonly target: string | undefined;
  readonly text: string;
  readonly facts: NameFacts;
}

/** What one pass over the members has found. */
export class Harvest {
  /** By path: of a name that comes twice, the last one counts. */
  readonly found = new Map<string, readonly Found[]>();
  readonly links = new Map<string, Link>();
  readonly files = new Set<string>();
  /** The member that was read in a link's place. */
  readonly targets = new Map<string, string>();
  readonly times = new Map<string, number>();
  readonly ignored = new Map<string, IgnoredWhy>();
  /** Texts of the files that tell when captures were taken. */
  readonly clocks = new Map<string, string>();
  readonly kept = new KeptTexts();
  /** A member that only a key opens was met. */
  encrypted = false;
}

export interface ReadContext {
  readonly limits: Limits;
  readonly units: Units;
  readonly shown: (path: string) => string;
  readonly tell: (note: BundleNote) => void;
  readonly onMember: (file: string) => void;
}

export const readMember = async (member: Member, harvest: Harvest, context: ReadContext): Promise<void> => {
  const { path } = member;
  context.units.learn(path);
  const facts = factsOfName(path, context.units.of(path));
  if (member.link !== null) {
    harvest.links.set(path, { path, target: member.link, text: member.linkText, facts });
    return;
  }
  if (harvest.files.has(path)) harvest.times.set(path, (harvest.times.get(path) ?? 1) + 1);
  harvest.files.add(path);
  harvest.found.delete(path);
  harvest.ignored.delete(path);
  harvest.kept.forget(path);
  if (facts.kind === 'clock' && member.form === 'text') harvest.clocks.set(path, await textOf(member));
  const format = member.form === 'empty' ? undefined : binaryFormatOf(await headOf(member));
  if (format) {
    context.onMember(context.shown(path));
    const read = await readBinary(member, format, context);
    if (read.capture) harvest.found.set(path, [read]);
    else harvest.ignored.set(path, read.why ?? 'packet-capture');
    return;
  }
  const why = facts.kind === 'skip' || facts.kind === 'clock' ? 'not-a-capture' : formWhy(member, facts);
  if (why) {
    harvest.ignored.set(path, why);
    return;
  }
  context.onMember(context.shown(path));
  const found = await readAs(member, facts, path, context, harvest.kept);
  const kept = found.filter((f) => f.capture !== undefined);
  if (kept.length > 0) harvest.found.set(path, kept);
  else harvest.ignored.set(path, found[0]?.why ?? 'unknown');
};

/** Characters of a clock that are read: a manifest of sos has one or two millions. */
const CLOCK = 32 * 1024 * 1024;

const textOf = (member: Member): Promise<string> => headText(member, CLOCK);

/** The beginning of a member's text: `most` characters and what came with the last of them. */
export const headText = async (member: Member, most: number): Promise<string> => {
  const decoder = new TextOfBytes();
  let text = '';
  try {
    for await (const bytes of member.content) {
      for (const piece of decoder.push(bytes)) text += piece;
      if (text.length > most) break;
    }
  } catch (error) {
    // What ends its archive ends it at the next member too, where it is told.
    if (!(error instanceof Damage || error instanceof LimitReached)) throw error;
  }
  return plainText(text);
};

const headOf = (member: Member): Promise<Buffer> => member.content.peek(BINARY_HEAD).catch(() => Buffer.alloc(0));

const formWhy = (member: Member, facts: NameFacts): IgnoredWhy | undefined => {
  if (member.form === 'text') return undefined;
  // An empty output of a known command is one.
  if (member.form === 'empty') return facts.kind === undefined || facts.common ? 'empty' : undefined;
  return 'binary';
};

/** Reads a member's bytes as what these facts say; `path` is whose place it takes (a link's, or its own). */
export const readAs = async (
  member: Member,
  facts: NameFacts,
  path: string,
  context: ReadContext,
  texts: KeptTexts,
): Promise<readonly Found[]> => {
  const { limits, tell } = context;
  const file = context.shown(path);
  const reader = new MemberReader(path, file, facts, member.mtime);
  const text = texts.collect();
  const slices = new PlainSlices(
    (slice) => {
      reader.push(slice);
      text.push(slice);
    },
    limits.lineLength,
    () => tell(note('line-too-long', { file, limit: limits.lineLength })),
  );
  const feed = new MemberFeed(reader, slices, text, limits.lineLength);
  let partial = facts.tailed;
  try {
    for await (const bytes of member.content) feed.push(bytes);
  } catch (error) {
    partial = true;
    if (error instanceof LimitReached && error.scope === 'member')
      tell(note('member-too-large', { file, limit: limits.memberBytes }));
    // What ends its archive ends it at the next member too, where it is told.
    else if (!(error instanceof Damage || (error instanceof LimitReached && error.scope === 'archive'))) throw error;
  }
  feed.end();
  const found = reader.end(partial);
  const isCapture = found.some((f) => f.capture);
  if (isCapture) text.keep(member.path);
  if (facts.tailed && isCapture) tell(note('tailed', { file }));
  return found;
};
