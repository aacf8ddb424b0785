import type { Placed } from './assign.ts';
import { type BundleNote, note } from './note.ts';
import type { UnknownOutput } from './read/unknown-outputs.ts';

/** What has to be said of pasted texts: what was left out, what was only typed, and whose an output is not known to be. */
export const pasteNotes = (placed: readonly Placed[]): readonly BundleNote[] =>
  placed.flatMap(({ found: { capture, cut, unplaced } }): readonly BundleNote[] => {
    if (!capture) return [];
    const { file, kind, firstLine: line = 1 } = capture;
    const sources = [{ file, line }];
    return [
      ...(cut ? [note('left-out', { file, line, kind }, sources)] : []),
      ...(capture.origin === 'typed' ? [note('typed-rules', { file, line }, sources)] : []),
      ...(unplaced ? [note('unplaced', { file, line, kind }, sources)] : []),
    ];
  });

/** What was pasted and nobody reads. */
export const unknownNotes = (outputs: readonly UnknownOutput[]): readonly BundleNote[] =>
  outputs.map(({ file, line, lines, command }) =>
    note(
      'unknown-output',
      { file, line, command: command ?? '' },
      lines.map(({ source }) => source),
    ),
  );
