import { formatOf } from '../../captures/known-formats.ts';
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
 * a content that is not; where both are clear and differ, somebody misnamed the file, unless the named format says otherwise.
 */
export const kindOf = (named: CaptureKind | undefined, common: boolean, head: string): CaptureKind | undefined => {
  const shown = kindOfContent(head);
  if (named === undefined || shown === named) return shown;
  if (common) return shown;
  if (shown === undefined) return named;
  const format = formatOf(named);
  if (format?.kin !== undefined && format.kin === formatOf(shown)?.kin) return shown;
  const decides = format?.nameDecides ?? [];
  return decides === 'always' || decides.includes(shown) ? named : shown;
};
