import type { Capture, CaptureKind } from '../records/capture.ts';
import type { Source } from '../records/source.ts';

/** The tool's own words for "this kernel has none of it": ipvsadm without ip_vs, the /proc file that only the module makes, xfrm without CONFIG_XFRM. */
const EMPTINESS: ReadonlyMap<CaptureKind, RegExp> = new Map([
  ['ipvsadm', /Protocol not available|not loaded|ip_vs[^:]*: No such file/i],
  ['ipvsadm-connections', /Protocol not available|not loaded|ip_vs[^:]*: No such file/i],
  ['xfrm-policy', /Protocol not supported/i],
  ['xfrm-state', /Protocol not supported/i],
]);

/**
 * Whether a capture tells the state of its kind. A tool's error message tells nothing, unless the message itself means emptiness;
 * nor does a member without a line: its tool may have failed elsewhere. A header with nothing below it does tell: there is none.
 */
export const isReadable = (capture: Capture): boolean => {
  if (capture.records > 0) return true;
  const emptiness = EMPTINESS.get(capture.kind);
  if (capture.toolMessages.length > 0)
    return emptiness !== undefined && capture.toolMessages.some((message) => emptiness.test(message.text));
  return capture.ignored > 0;
};

/** Tools that need the same right and kernel support: where one was answered, the other's empty output means that there is none. */
const ANSWERED_TOGETHER: ReadonlyMap<CaptureKind, CaptureKind> = new Map([
  ['xfrm-state', 'xfrm-policy'],
  ['xfrm-policy', 'xfrm-state'],
]);

const isToldEmpty = (capture: Capture, captures: readonly Capture[]): boolean => {
  const sister = ANSWERED_TOGETHER.get(capture.kind);
  return (
    sister !== undefined &&
    capture.toolMessages.length === 0 &&
    capture.unread === 0 &&
    captures.some((other) => other.kind === sister && other.records > 0)
  );
};

/** Kinds of a namespace that are known, and where each capture begins. */
export interface Captured {
  readonly kinds: ReadonlySet<CaptureKind>;
  /** Kinds whose every capture breaks off. */
  readonly cut: ReadonlySet<CaptureKind>;
  readonly sources: ReadonlyMap<CaptureKind, readonly Source[]>;
}

/** `ip addr` shows all that `ip link` shows; a link listing stands for `ip addr` where it carries addresses (`ip -j`, ifconfig). */
const alsoShown = (capture: Capture): readonly CaptureKind[] => {
  if (capture.kind === 'ip-addr') return ['ip-link'];
  if (capture.kind === 'ip-link' && capture.data.links?.some((link) => link.addresses.length > 0)) return ['ip-addr'];
  return [];
};

export const capturedOf = (captures: readonly Capture[]): Captured => {
  const kinds = new Set<CaptureKind>();
  const sources = new Map<CaptureKind, Source[]>();
  const whole = new Set<CaptureKind>();
  for (const capture of captures) {
    if (!isReadable(capture) && !isToldEmpty(capture, captures)) continue;
    const source = firstLineOf(capture);
    for (const kind of [capture.kind, ...alsoShown(capture)]) {
      kinds.add(kind);
      if (!breaksOff(capture)) whole.add(kind);
      const known = sources.get(kind);
      if (known) known.push(source);
      else sources.set(kind, [source]);
    }
  }
  return { kinds, sources, cut: new Set([...kinds].filter((kind) => !whole.has(kind))) };
};

/** The collector kept a part of the output, or a paste ends in the middle of a record. */
const breaksOff = (capture: Capture): boolean => {
  if (capture.partial) return true;
  const states = capture.data.states ?? [];
  const last = states.at(-1);
  // The kernel has no ESP state without a cipher (the null cipher is one): its line was to follow.
  return last?.proto === 'esp' && last.algorithms.length > 0 && !last.algorithms.some(({ kind }) => CIPHERS.has(kind));
};

const CIPHERS: ReadonlySet<string> = new Set(['enc', 'aead']);

/** A message that means emptiness is itself what to quote; a pasted file's capture may begin further down than line 1. */
const firstLineOf = (capture: Capture): Source =>
  capture.toolMessages[0]?.source ?? { file: capture.file, line: capture.firstLine ?? 1 };
