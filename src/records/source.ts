/** Where a fact stands in the bundle: the member's path as the report shows it, and its 1-based line. */
export interface Source {
  readonly file: string;
  readonly line: number;
  /** In a binary capture `line` is the packet's number. */
  readonly unit?: 'packet';
}

/** A record that can be quoted. */
export interface Sourced {
  readonly source: Source;
}

/** The same line of the same file. */
export const isSameLine = (a: Source | undefined, b: Source | undefined): boolean =>
  a !== undefined && b !== undefined && a.file === b.file && a.line === b.line;

/** The record stands in this line. */
export const isAt = (record: Sourced, source: Source | undefined): boolean => isSameLine(record.source, source);
