/** Where a fact stands in the bundle: the member's path as the report shows it, and its 1-based line. */
export interface Source {
  readonly file: string;
  readonly line: number;
}

/** A record that can be quoted. */
export interface Sourced {
  readonly source: Source;
}
