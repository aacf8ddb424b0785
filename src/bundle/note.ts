import type { Source } from '../records/source.ts';

interface NoteOf<
  Code extends string,
  Values extends Readonly<Record<string, string | number | boolean | readonly string[]>>,
> {
  readonly code: Code;
  readonly values: Values;
  readonly sources: readonly Source[];
}

/** Something about the bundle itself that its reader should know. Data only; the words stand in templates. */
export type BundleNote =
  /** The archive ends before its end, or its bytes are damaged from here on: what came before was read. */
  | NoteOf<'truncated', { readonly file: string; readonly reason: 'truncated' | 'corrupt' }>
  /** An archive inside the bundle that cannot be opened. */
  | NoteOf<
      'nested-unreadable',
      { readonly file: string; readonly reason: 'encrypted' | 'corrupt' | 'too-deep' | 'too-large' }
    >
  | NoteOf<'encrypted-member', { readonly file: string }>
  /** The same name twice in one archive: the last one counts, as it would after unpacking. */
  | NoteOf<'duplicate-member', { readonly file: string; readonly times: number }>
  /** A name that leads out of the bundle. */
  | NoteOf<'rejected-path', { readonly file: string }>
  /** A link to nothing inside the bundle, or in a circle. */
  | NoteOf<'dead-link', { readonly file: string; readonly target: string }>
  | NoteOf<'member-too-large', { readonly file: string; readonly limit: number }>
  | NoteOf<'line-too-long', { readonly file: string; readonly limit: number }>
  /** The collector kept only the end of this output. */
  | NoteOf<'tailed', { readonly file: string }>
  /** Somebody left out lines of a pasted output and said so: what is not there may be. */
  | NoteOf<'left-out', { readonly file: string; readonly line: number; readonly kind: string }>
  /** Rules were read from commands that somebody typed, not from what the kernel holds. */
  | NoteOf<'typed-rules', { readonly file: string; readonly line: number }>
  /** A text names several machines, and not for this output which of them: it is walked with none of them. */
  | NoteOf<'unplaced', { readonly file: string; readonly line: number; readonly kind: string }>
  /** An output that nothing reads, in a bundle of nothing else: nothing in it was looked at. `command` as it was typed, masked; empty where the text does not tell it. */
  | NoteOf<'unknown-output', { readonly file: string; readonly line: number; readonly command: string }>
  /** A binary capture was read: its packets by their number, and the command that prints them as text; to its end, or until it ends too early or is damaged. */
  | NoteOf<
      'capture-read',
      {
        readonly file: string;
        readonly count: number;
        readonly command: string;
        readonly reason: 'whole' | 'truncated' | 'corrupt';
      }
    >
  /** A binary capture of which nothing could be read. */
  | NoteOf<
      'capture-unread',
      {
        readonly file: string;
        readonly count: number;
        readonly command: string;
        readonly reason: 'truncated' | 'corrupt' | 'link-layer';
      }
    >
  /** Addresses and names were replaced: equality holds, subnets do not. */
  | NoteOf<'obfuscated', { readonly by: string; readonly file: string }>
  /** Several collections are of one machine and of one moment: `names` are what they were called; of two listings the newer one holds. */
  | NoteOf<'same-machine', { readonly node: string; readonly names: readonly string[]; readonly replaced: number }>
  /** One machine, collected at several moments: the last one is walked. `differences` of its state between the last two; `how` its order is known. */
  | NoteOf<
      'earlier-moments',
      {
        readonly node: string;
        readonly last: string;
        readonly earlier: readonly string[];
        readonly differences: number;
        readonly how: 'times' | 'names';
        readonly bundle: readonly string[];
        /** What shows which of the differences are on a flow's way; '' where the bundles cannot be read again. */
        readonly command: string;
      }
    >
  /** Two files of a folder are one listing at two moments, as their names tell: the later one holds. */
  | NoteOf<'earlier-listing', { readonly file: string; readonly newer: string }>
  /** Machines that bear one name and are several, by their devices or ids. */
  | NoteOf<'same-name', { readonly name: string; readonly nodes: readonly string[] }>
  /** One network namespace under several names. */
  | NoteOf<'same-namespace', { readonly node: string; readonly name: string; readonly names: readonly string[] }>
  /** Nothing in one bundle knows an address of the other. */
  | NoteOf<'unrelated', { readonly bundles: readonly string[] }>
  /** Captures that belong together were taken more than ten minutes apart. */
  | NoteOf<
      'torn-snapshot',
      {
        readonly scope: 'node' | 'bundle';
        readonly first: string;
        readonly last: string;
        readonly seconds: number;
        readonly firstFile: string;
        readonly lastFile: string;
      }
    >;

export const note = <Code extends BundleNote['code']>(
  code: Code,
  values: Extract<BundleNote, { code: Code }>['values'],
  sources: readonly Source[] = [],
): BundleNote => ({ code, values, sources }) as BundleNote;
