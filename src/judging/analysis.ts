import type { BundleNote } from '../bundle/note.ts';
import type { Finding, FlowAnalysis, RuledOutFinding, UndecidedFinding, Values } from '../causes/facts/finding.ts';
import type { CaptureKind, UnreadLine } from '../records/capture.ts';
import type { Quotable } from '../records/quotable.ts';
import type { Source } from '../records/source.ts';
import type { CollectItem } from './collect/item.ts';
import type { Verdict } from './verdict.ts';

/** Something about the bundle itself: `torn-snapshot`, `obfuscated`, `truncated`, `duplicate-member`, `no-broken-flow` … */
export type Note =
  | BundleNote
  | { readonly code: 'no-broken-flow'; readonly values: Values; readonly sources: readonly Source[] };

export interface InventoryCapture {
  readonly kind: CaptureKind;
  readonly file: string;
  readonly records: number;
  readonly unread: number;
  readonly toolMessage: Quotable | undefined;
  readonly partial: boolean;
}
export interface InventoryNode {
  readonly name: string;
  readonly kernel: string | undefined;
  readonly time: string | undefined;
  readonly namespaces: readonly { readonly name: string; readonly captures: readonly InventoryCapture[] }[];
}

/** All that is known after the causes have been asked; every output is made from it. */
export interface Analysis {
  readonly bundle: { readonly name: string; readonly layout: string; readonly nodes: readonly InventoryNode[] };
  readonly flows: readonly FlowAnalysis[];
  readonly verdict: Verdict;
  /** Everything that would decide what is open, the most decisive first. */
  readonly collect: readonly CollectItem[];
  /** The most likely first. */
  readonly rootCauses: readonly Finding[];
  /** True and worth knowing, but not the cause. */
  readonly observations: readonly Finding[];
  readonly ruledOut: readonly RuledOutFinding[];
  readonly undecided: readonly UndecidedFinding[];
  readonly notes: readonly Note[];
  readonly unread: readonly UnreadLine[];
  readonly unreadTotal: number;
  readonly ignoredMembers: readonly { readonly file: string; readonly why: string }[];
  /** Text of the quoted lines and of the three lines around each, by file and line. Keys are masked. */
  readonly quotes: ReadonlyMap<string, ReadonlyMap<number, Quotable>>;
}
