import type { Capture, CaptureData, CaptureKind, UnreadLine } from '../records/capture.ts';
import { cutQuotable, type Quotable } from '../records/quotable.ts';
import type { Source } from '../records/source.ts';
import { isBanner, isCut, isToldEmpty } from './banners.ts';
import type { CaptureFormat } from './format.ts';
import type { LineNumbers } from './line-numbers.ts';
import type { FormatMask } from './masking/masked-lines.ts';
import { quotableAlone } from './masking/masked-lines.ts';
import type { SecretLines } from './masking/secret-lines.ts';
import { UnreadLines } from './unread-lines.ts';

/** What is known of a member before it is read. */
export interface CaptureInput {
  readonly kind: CaptureKind;
  /** The member's path as the report shows it. */
  readonly file: string;
  /** Line of the member at which this capture begins (pasted files hold several); 1 otherwise. */
  readonly firstLine: number;
  /** The command line that made the capture, where the file name or a prompt tells it: `ip -6 route show table all`. */
  readonly command: string | undefined;
  /** 6 where the path or command says that this is IPv6's half of the tool's output. */
  readonly family: 4 | 6 | undefined;
  /** Device of a packet capture, where the file name tells it. */
  readonly device: string | undefined;
  /** What the capture's lines are called in their file, where they do not follow one another there. */
  readonly numbers?: LineNumbers;
  /** What of the whole file lies inside secrets, where the capture is a part of it. */
  readonly secrets?: SecretLines;
}

/** Takes a member in slices that end at a line end (the last may lack it); carriage returns and terminal escapes are gone. */
export interface CaptureReader {
  read(slice: string): void;
  /** Takes whole lines as they stand in the member, where that is faster: UTF-8, nothing taken out of them yet. */
  readBytes?(lines: Buffer): void;
  end(): Capture;
}

/** One text format, or several that share a grammar. */
export interface CaptureModule {
  /** Programs that print it, apart by blanks: a line that begins with one is a command and no prose. */
  readonly programs?: string;
  /** Words that only these programs have behind their names, apart by blanks: in a file's name they are no node. */
  readonly options?: string;
  /** The kinds that this module reads. */
  readonly formats: readonly CaptureFormat[];
  /**
   * The place among all modules in which `sniff` is asked, the lowest first: the narrow before the wide. Neighbours and forwarding entries
   * look like routes, a bridge's ports like links, the kernel's table of virtual services like ipvsadm's.
   */
  readonly precedence: number;
  /** Tells the kind by the member's first 4 KiB where the path does not; undefined where it is not this format. */
  readonly sniff: (head: string) => CaptureKind | undefined;
  /**
   * What of its lines may be shown: made for each output, from its first line on. `usualMask` where its own lines hold no secret. There is no
   * other way from a line to an output.
   */
  readonly mask: () => FormatMask;
  open(input: CaptureInput): CaptureReader;
}

type Parse = (input: string, options: { startRule: string; sink: LineSink; peg$silentFails?: number }) => unknown;

const KEPT_MESSAGES = 20;
const EXPLAINED_UNREAD = 3;

/**
 * The account of a capture's lines, and the base of every module's sink. A grammar's actions call the sink's own methods for records,
 * `ignore()` for lines that are known and not used, `tool(text)` for a tool's own message, `raw(text)` for a line that no rule understood,
 * and the Chunk rule calls `next()` after each line.
 */
export class LineSink {
  readonly file: string;
  /** 1-based number of the line that is being read. */
  line: number;
  records = 0;
  ignored = 0;
  unread = 0;
  readonly unreadLines: UnreadLines;
  readonly toolMessages: { source: Source; text: Quotable }[] = [];
  readonly #firstLine: number;
  readonly #numbers: LineNumbers | undefined;

  constructor(input: CaptureInput) {
    this.unreadLines = new UnreadLines(input.secrets);
    this.#numbers = input.numbers;
    this.file = input.file;
    this.line = input.firstLine;
    this.#firstLine = input.firstLine;
  }

  /** Somebody left out lines and said so. */
  cut = false;

  /** While a line that stands for several is read, all of them have its number. */
  folded = false;

  next(): void {
    if (!this.folded) this.line += 1;
  }

  get lines(): number {
    return this.line - this.#firstLine;
  }

  /** The line's number in the file. */
  get number(): number {
    return this.#numberOf(this.line);
  }

  #numberOf(line: number): number {
    return this.#numbers ? this.#numbers.of(line) : line;
  }

  source(): Source {
    return { file: this.file, line: this.number };
  }

  ignore(): void {
    this.ignored += 1;
  }

  tool(text: string): void {
    this.ignored += 1;
    this.unreadLines.mark(this.number);
    if (this.toolMessages.length < KEPT_MESSAGES)
      this.toolMessages.push({ source: this.source(), text: cutQuotable(quotableAlone(text), 500) });
  }

  raw(text: string, source: Source = this.source()): void {
    if (isBanner(text) || isToldEmpty(text)) {
      this.ignored += 1;
      this.unreadLines.mark(source.line);
      return;
    }
    if (isCut(text)) {
      this.ignored += 1;
      this.unreadLines.mark(source.line);
      this.cut = true;
      return;
    }
    this.unread += 1;
    this.unreadLines.add(source, text);
  }

  /** The text that is read next, before it is read: a secret may go on over several of its lines. */
  see(text: string): void {
    this.unreadLines.see(text, (index) => this.#numberOf(this.line + index));
  }
}

/**
 * A reader over one grammar: `Chunk` on every slice with Peggy's bookkeeping off (a quarter faster), then `Line` on the first
 * unread lines with it on, for what was expected at which column.
 */
export const grammarReader = <S extends LineSink>(
  input: CaptureInput,
  sink: S,
  parse: unknown,
  finish: (sink: S) => CaptureData,
): CaptureReader => ({
  read(slice) {
    sink.see(slice);
    (parse as Parse)(slice, { startRule: 'Chunk', sink, peg$silentFails: 1 });
  },
  end() {
    const data = finish(sink);
    // Taken before the second look at unread lines, whose actions run as those of any line.
    const { lines, records, ignored, unread } = sink;
    const unreadLines = sink.unreadLines.shown((text, i) =>
      i < EXPLAINED_UNREAD ? explain(text, sink, parse as Parse) : {},
    );
    const unreadAt = sink.unreadLines.at;
    return {
      kind: input.kind,
      file: input.file,
      firstLine: input.firstLine,
      lines,
      records,
      ignored,
      unread,
      unreadLines,
      unreadAt,
      ...(input.numbers?.part ? { readAt: input.numbers.ranges(input.firstLine, lines) } : {}),
      toolMessages: sink.toolMessages,
      partial: sink.cut,
      data,
    };
  },
});

/** What was expected where, in the grammar's words. */
const explain = (text: string, sink: LineSink, parse: Parse): Pick<UnreadLine, 'expected' | 'column'> => {
  try {
    parse(`${text}\n`, { startRule: 'Line', sink });
    return {};
  } catch (error) {
    if (!(error instanceof Error && error.name === 'SyntaxError')) throw error;
    const { location } = error as Error & { location?: { start: { column: number } } };
    return { expected: error.message.slice(0, 300), ...(location ? { column: location.start.column } : {}) };
  }
};
