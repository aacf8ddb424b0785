import { formatOf } from '../../captures/known-formats.ts';
import { readText } from '../../captures/read-text.ts';
import { CAPTURE_MODULES } from '../../captures/registry.ts';
import type { CaptureKind } from '../../records/capture.ts';

/** Bytes of a member's beginning that tell its kind. */
export const SNIFFED = 4096;

const IN_ORDER = [...CAPTURE_MODULES].sort((a, b) => a.precedence - b.precedence);

/** The kind that a member's first lines show. */
export const kindOfContent = (head: string): CaptureKind | undefined => {
  for (const { sniff } of IN_ORDER) {
    const kind = sniff(head);
    if (kind) return kind;
  }
  return undefined;
};

/**
 * What a member is, by its name and by its content. One tool's outputs are told apart by the content; a name that is clear wins over
 * a content that is not; where both are clear and differ, the lines decide: what the named format reads is that format, and a line of another
 * one among them is somebody's slip. Only where the named format makes nothing of the lines was the file misnamed.
 */
export const kindOf = (named: CaptureKind | undefined, common: boolean, head: string): CaptureKind | undefined => {
  const shown = kindOfContent(head);
  if (named === undefined || shown === named) return shown;
  if (common) return shown;
  if (shown === undefined) return named;
  const format = formatOf(named);
  const decides = format?.nameDecides ?? [];
  if (decides === 'always' || decides.includes(shown)) return named;
  const mine = readLines(named, head);
  if (format?.kin !== undefined && format.kin === formatOf(shown)?.kin)
    return mine.read > readLines(shown, head).read ? named : shown;
  return mine.read > mine.unread ? named : shown;
};

/** How many lines a format knows, and how many it does not. */
const readLines = (kind: CaptureKind, head: string): { readonly read: number; readonly unread: number } => {
  const whole = head.length < SNIFFED ? head : head.slice(0, head.lastIndexOf('\n') + 1);
  const input = { kind, file: '', firstLine: 1, command: undefined, family: undefined, device: undefined };
  try {
    const { records, unread } = readText(input, whole);
    return { read: records === 0 ? 0 : whole.split('\n').filter((line) => line.trim() !== '').length - unread, unread };
  } catch {
    return { read: 0, unread: 0 };
  }
};
