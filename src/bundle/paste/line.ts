/** One line of a text that people pasted: what a tool printed, without what a mail client, an editor or another tool put before it. */
export interface Line {
  readonly text: string;
  /** Its number in the file, 1-based. */
  readonly number: number;
  /** The machine that a tool wrote before the line: `host: line` of pdsh. */
  readonly host?: string;
}
