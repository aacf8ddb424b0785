import type { Capture, UnreadLine } from '../records/capture.ts';
import type { LayoutId } from './layouts/layout.ts';
import type { BundleNote } from './note.ts';
import type { Source } from './open/source.ts';
import type { IgnoredWhy } from './read/finding.ts';

/** Captures of one network namespace. */
export interface BundleNamespace {
  /** '' for the host's own, else the pod's or namespace's name. */
  readonly name: string;
  readonly captures: readonly Capture[];
}

export interface BundleNode {
  readonly name: string;
  readonly namespaces: readonly BundleNamespace[];
}

/** A member that became no capture. */
export interface IgnoredMember {
  readonly file: string;
  readonly why: IgnoredWhy;
}

/** The moment of a capture, where the bundle tells it. */
export interface Moment {
  readonly node: string;
  /** Where it is told. */
  readonly file: string;
  readonly line: number;
  /** The file of the capture that was taken then; undefined where it is the collector's whole run. */
  readonly capture: string | undefined;
  /** Seconds since the epoch; the local time read as UTC where the zone is not known. */
  readonly epoch: number;
  readonly zoneMinutes: number | undefined;
  readonly text: string;
}

/** Where a bundle was read from. */
export interface BundleOrigin {
  readonly source: Source;
  /** Each shown file's path inside. */
  readonly paths: ReadonlyMap<string, string>;
  /** A name comes twice: the last one is what was read. */
  readonly repeats: boolean;
  /** Texts of small members in slices, by their path inside. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

/** A support bundle, read. */
export interface Bundle {
  readonly name: string;
  readonly layout: LayoutId;
  readonly nodes: readonly BundleNode[];
  readonly ignored: readonly IgnoredMember[];
  readonly notes: readonly BundleNote[];
  /** The first lines of outputs that no module reads, where the bundle holds nothing else. */
  readonly unread?: readonly UnreadLine[];
  readonly times: readonly Moment[];
  /** What a second pass needs: each source (standard input is kept in it), and each shown file's path inside. */
  readonly origins: readonly BundleOrigin[];
}
