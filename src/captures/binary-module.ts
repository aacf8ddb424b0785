import type { Capture, CaptureKind } from '../records/capture.ts';
import type { CaptureInput } from './module.ts';

/** Why a binary capture, or its end, could not be read. */
export type BinaryFault =
  /** It ends within a packet, or its bytes are damaged from there on. */
  | 'truncated'
  | 'corrupt'
  /** None of its packets has a link layer that is read. */
  | 'link-layer';

export interface BinaryRead {
  /** Undefined where no packet was read. */
  readonly capture: Capture | undefined;
  readonly fault: BinaryFault | undefined;
}

/** Takes a member's bytes in pieces of any size. */
export interface BinaryReader {
  push(bytes: Buffer): void;
  end(): BinaryRead;
}

/** Finds records of a member and prints each on one line, as the tool does that makes text of it. */
export interface RecordPrinter {
  push(bytes: Buffer): void;
  /** Every wanted record was met. */
  readonly complete: boolean;
  /** By the record's number. */
  readonly lines: ReadonlyMap<number, string>;
}

/**
 * A format of captures that is no text. Its records are numbered from 1, and a Source's `line` is the number of the record. All that is known
 * of the format stands in one such declaration.
 */
export interface BinaryModule {
  /** The kind whose data it gives: that of the text which the tool prints of it. */
  readonly kind: CaptureKind;
  /** Whether a member that begins with these bytes (at least four) is one. */
  readonly isOne: (head: Buffer) => boolean;
  /** Endings of its files' names, without the dot. */
  readonly endings: readonly string[];
  /** The command that prints it as text, without the file's name. */
  readonly asText: string;
  open(input: CaptureInput): BinaryReader;
  print(wanted: ReadonlySet<number>): RecordPrinter;
}
