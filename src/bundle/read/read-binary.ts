import type { BinaryModule, BinaryRead } from '../../captures/binary-module.ts';
import { factsOfCapture } from '../layouts/member-name.ts';
import type { Units } from '../layouts/units.ts';
import { type BundleNote, note } from '../note.ts';
import { Damage, LimitReached } from '../open/damage.ts';
import type { Member } from '../open/walk.ts';
import type { Found } from './finding.ts';

interface BinaryContext {
  readonly limits: { readonly memberBytes: number };
  readonly units: Units;
  readonly shown: (path: string) => string;
  readonly tell: (note: BundleNote) => void;
}

/** Reads a member that is a capture in a format of its own, and tells that it was read or why not. */
export const readBinary = async (member: Member, format: BinaryModule, context: BinaryContext): Promise<Found> => {
  const { path } = member;
  const file = context.shown(path);
  const facts = factsOfCapture(path, context.units.of(path), format);
  const { kind } = format;
  const input = { kind, file, firstLine: 1, command: undefined, family: undefined, device: facts.device };
  const read = await pour(member, format.open(input), () =>
    context.tell(note('member-too-large', { file, limit: context.limits.memberBytes })),
  );
  const { capture, fault } = read;
  const values = { file, count: capture?.records ?? 0, command: format.asText };
  if (capture === undefined) context.tell(note('capture-unread', { ...values, reason: fault ?? 'corrupt' }));
  else if (fault === undefined) context.tell(note('capture-read', { ...values, reason: 'whole' }));
  else context.tell(note('capture-read', { ...values, reason: fault === 'truncated' ? 'truncated' : 'corrupt' }));
  return {
    path,
    capture,
    kind,
    why: capture ? undefined : 'packet-capture',
    command: undefined,
    node: facts.node,
    pod: facts.pod,
    namespace: facts.namespace,
    label: facts.label,
    byContent: false,
    mtime: member.mtime,
    generated: undefined,
    cut: false,
  };
};

/** What came before the damage counts, as in a text. */
const pour = async (
  member: Member,
  reader: ReturnType<BinaryModule['open']>,
  onTooLarge: () => void,
): Promise<BinaryRead> => {
  let cut = false;
  try {
    for await (const bytes of member.content) reader.push(bytes);
  } catch (error) {
    cut = true;
    if (error instanceof LimitReached && error.scope === 'member') onTooLarge();
    // What ends its archive ends it at the next member too, where it is told.
    else if (!(error instanceof Damage || (error instanceof LimitReached && error.scope === 'archive'))) throw error;
  }
  const read = reader.end();
  return cut ? { capture: read.capture && { ...read.capture, partial: true }, fault: read.fault ?? 'truncated' } : read;
};
