import type { CaptureKind } from '../records/capture.ts';

/** A tool's words as they stand in a command line or in a file name made from one. */
export interface ToolWords {
  /** The words in their order, lower case; `|` separates equals. */
  readonly words: string;
  readonly family?: 4 | 6;
  /** Words that other files may carry too: without a content that agrees they name nothing. */
  readonly common?: true;
}

/** A word behind a tool's: an option of it, or what it lists. */
export interface OptionWord {
  /** In lower case. */
  readonly word: string;
  readonly asWritten: string;
  /** The word in front of it, in lower case. */
  readonly before: string | undefined;
}

/**
 * All that is known of one kind of output besides how its lines are read. Who looks for a kind, by a file's name, a command, a first line, a
 * content, or because it is missing, asks here: there is no other list of kinds.
 */
export interface CaptureFormat {
  readonly kind: CaptureKind;
  /** Its words in command lines and file names. Of several phrases that fit the longest names the kind. */
  readonly words: readonly ToolWords[];
  /** Its names as an object of a program whose options may stand in between: `ip -6 -d route`. `|` separates equals. */
  readonly object?: { readonly of: 'ip' | 'ip xfrm' | 'bridge'; readonly names: string };
  /** Another kind that an option makes of this one's command: `ipvsadm -Ln -c`. */
  readonly refined?: (option: OptionWord) => CaptureKind | undefined;
  /** Paths that are this kind in every bundle: files of /proc. A group `device` names a packet capture's device. */
  readonly paths?: readonly RegExp[];
  /** A line with which an output of this kind begins, or that nothing else prints. Anchored at its start, without flags. */
  readonly firstLine?: RegExp;
  /** Kinds with the same word are told apart by their content, whatever the file's name says. */
  readonly kin?: string;
  /**
   * Where the name says this kind and the content another, the name is right: `always`, since such an output may begin with anything or
   * carries other outputs' lines, or over the kinds that look the same.
   */
  readonly nameDecides?: 'always' | readonly CaptureKind[];
  /** Whose state it shows: a network namespace's, the machine's in all of its namespaces, or the cluster's. */
  readonly scope: 'namespace' | 'node' | 'cluster';
  /** The command that gets it where it is missing: the least that decides, that changes nothing on the node and prints no keys. */
  readonly collect: string;
}
