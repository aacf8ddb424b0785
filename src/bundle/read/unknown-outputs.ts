import { quotableAlone } from '../../captures/masking/masked-lines.ts';
import { plainText } from '../../captures/plain-text.ts';
import { isProse } from '../../captures/prose.ts';
import { UnreadLines } from '../../captures/unread-lines.ts';
import type { UnreadLine } from '../../records/capture.ts';
import { promptIn } from '../paste/prompt.ts';

/** Lines of one output that are shown, and outputs of one text. */
const LINES = 5;
const OUTPUTS = 4;
/** Lines with an address that nobody wrote as a sentence: so many are the output of a tool. */
const ROWS = 2;

/** IPv4, a MAC, IPv6 with all of its groups or with `::`. */
const ADDRESS =
  /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)|(?<![\w:])[\da-f]{1,4}(?::[\da-f]{1,4}){7}(?![\w:])|(?<![\w:])(?:[\da-f]{2}:){5}[\da-f]{2}(?![\w:])|(?<![\w:])(?:[\da-f]{1,4}:){1,6}:(?:[\da-f]{1,4}(?::[\da-f]{1,4}){0,5})?(?![\w:])/i;

/** The output of a command that nothing here reads, or of one that the text does not tell. */
export interface UnknownOutput {
  readonly file: string;
  /** 1-based: the command's line, or where there is none the first line of the output. */
  readonly line: number;
  /** The machine, where its prompt names it. */
  readonly host: string | undefined;
  /** The command's line, where there is one, and the first lines of what it printed; masked. */
  readonly lines: readonly UnreadLine[];
  /** What was typed, masked. */
  readonly command: string | undefined;
}

interface Open {
  readonly host: string | undefined;
  readonly typed: string | undefined;
  readonly lines: { readonly line: number; readonly text: string }[];
  rows: number;
}

/** A fence of Markdown, or a line of nothing. */
const isBreak = (line: string): boolean => /^\s*(?:```|~~~|$)/.test(line);

/**
 * Outputs in a text in which no capture was found: what follows a shell's prompt, and lines that hold addresses and are no sentences. A text that
 * has neither is somebody's letter.
 */
export const unknownOutputs = (file: string, given: string): readonly UnknownOutput[] => {
  const text = plainText(given);
  const unread = new UnreadLines();
  unread.see(text, (index) => index + 1);
  const outputs: Open[] = [];
  let open: Open | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const prompt = promptIn(line);
    if (prompt?.certain && prompt.typed !== '') {
      open = { host: prompt.host, typed: prompt.typed, lines: [{ line: at + 1, text: line }], rows: 0 };
      outputs.push(open);
    } else if (isBreak(line)) {
      if (open && open.lines.length > (open.typed !== undefined ? 1 : 0)) open = undefined;
    } else if (!isProse(line)) {
      if (!open) {
        open = { host: undefined, typed: undefined, lines: [], rows: 0 };
        outputs.push(open);
      }
      open.rows += ADDRESS.test(line.slice(0, 500)) ? 1 : 0;
      if (open.lines.length < LINES) open.lines.push({ line: at + 1, text: line });
    }
  }
  const told = outputs.filter((o) => (o.typed !== undefined ? o.lines.length > 1 : o.rows >= ROWS)).slice(0, OUTPUTS);
  for (const { lines } of told) for (const { line, text: shown } of lines) unread.add({ file, line }, shown);
  const masked = new Map(unread.shown(() => ({})).map((shown) => [shown.source.line, shown]));
  return told.map(({ host, typed, lines }) => ({
    file,
    line: lines[0]?.line ?? 1,
    host,
    command: typed === undefined ? undefined : quotableAlone(typed),
    lines: lines.flatMap(({ line }) => masked.get(line) ?? []),
  }));
};
