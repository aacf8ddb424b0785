import { BINARY_HEAD, binaryFormatOf } from '../captures/binary-formats.ts';
import type { RecordPrinter } from '../captures/binary-module.ts';
import { printConntrackEntry } from '../captures/print/conntrack.ts';
import { PlainSlices } from '../captures/read-text.ts';
import type { Capture } from '../records/capture.ts';
import { cutQuotable, type Quotable } from '../records/quotable.ts';
import type { Source } from '../records/source.ts';
import type { Bundle, BundleOrigin } from './bundle.ts';
import { FileMask } from './file-mask.ts';
import { LIMITS } from './limits.ts';
import { Damage, LimitReached } from './open/damage.ts';
import type { Member } from './open/walk.ts';
import { Walk } from './open/walk.ts';
import type { ReadingWatch } from './options.ts';
import { TextOfBytes } from './read/decode.ts';

/**
 * The original text of lines, by file and line. Small members were kept for it, and of usual conntrack lines the table knows the text; only for other lines
 * the bundle is gone through a second time (standard input was kept). Secrets are masked by the modules; lines that do not exist are left out.
 */
export const quoteLines = async (
  bundle: Pick<Bundle, 'origins' | 'nodes'>,
  wanted: ReadonlyMap<string, ReadonlySet<number>>,
  watch: ReadingWatch = {},
): Promise<ReadonlyMap<string, ReadonlyMap<number, Quotable>>> => {
  const quotes = new Map<string, ReadonlyMap<number, Quotable>>();
  const captures = bundle.nodes.flatMap((node) => node.namespaces.flatMap((ns) => ns.captures));
  const unknown = new Map<string, ReadonlySet<number>>();
  const byFile = new Map<string, Capture[]>();
  for (const capture of captures) byFile.set(capture.file, [...(byFile.get(capture.file) ?? []), capture]);
  for (const [file, lines] of wanted) {
    const known = fromTables(byFile.get(file) ?? [], lines);
    if (known) quotes.set(file, known);
    else unknown.set(file, lines);
  }
  const linesFor = (file: string, lines: ReadonlySet<number>) =>
    new LinesOfText(lines, new FileMask(byFile.get(file) ?? []), wrappedIn(byFile.get(file) ?? []));
  for (const origin of bundle.origins) await quoteFrom(origin, unknown, linesFor, quotes, watch);
  return quotes;
};

/** Of an unread line as much is shown. */
const UNREAD_SHOWN = 500;

/**
 * The bundle with its unread lines as the whole file tells what they are: a capture knows only its own lines, and a secret may have begun above
 * them. Of members that were not kept the lines stay as their capture masked them.
 */
export const withUnreadInPlace = (bundle: Bundle): Bundle => {
  const byFile = new Map<string, Capture[]>();
  for (const { namespaces } of bundle.nodes)
    for (const { captures } of namespaces)
      for (const capture of captures) byFile.set(capture.file, [...(byFile.get(capture.file) ?? []), capture]);
  const inPlace = new Map<string, ReadonlyMap<number, Quotable>>();
  for (const { paths, texts } of bundle.origins)
    for (const [file, captures] of byFile) {
      const text = texts.get(paths.get(file) ?? '');
      const lines = new Set(captures.flatMap((c) => c.unreadLines.map(({ source }) => source.line)));
      if (!text || lines.size === 0) continue;
      const found = new LinesOfText(lines, new FileMask(captures), wrappedIn(captures));
      for (const slice of text) found.take(slice);
      inPlace.set(file, found.lines);
    }
  const shown = <T extends { readonly source: Source; readonly text: Quotable }>(line: T): T => {
    const text = inPlace.get(line.source.file)?.get(line.source.line);
    return text === undefined ? line : { ...line, text: cutQuotable(text, UNREAD_SHOWN) };
  };
  return {
    ...bundle,
    nodes: bundle.nodes.map((node) => ({
      ...node,
      namespaces: node.namespaces.map((ns) => ({
        ...ns,
        captures: ns.captures.map((c) => (inPlace.has(c.file) ? { ...c, unreadLines: c.unreadLines.map(shown) } : c)),
      })),
    })),
  };
};

/** What the file's table knows the text of; undefined where it does not know every line. */
const fromTables = (captures: readonly Capture[], wanted: ReadonlySet<number>): Map<number, Quotable> | undefined => {
  const [capture, ...others] = captures;
  const table = capture?.data.conntrack;
  if (!table || others.length > 0) return undefined;
  const lines = new Map<number, Quotable>();
  const mask = new FileMask(captures);
  const end = (capture.firstLine ?? 1) + capture.lines;
  for (const line of [...wanted].filter((at) => at < end).sort((a, b) => a - b)) {
    const printed = table.printedAt(line);
    if (!printed) return undefined;
    lines.set(line, mask.quote(line, printConntrackEntry(printed.entry, printed.layer3)));
  }
  return lines;
};

const quoteFrom = async (
  { source, paths, repeats, texts }: BundleOrigin,
  wanted: ReadonlyMap<string, ReadonlySet<number>>,
  linesFor: (file: string, lines: ReadonlySet<number>) => LinesOfText,
  quotes: Map<string, ReadonlyMap<number, Quotable>>,
  watch: ReadingWatch,
): Promise<void> => {
  const byPath = new Map<string, { readonly file: string; readonly lines: ReadonlySet<number> }>();
  for (const [file, lines] of wanted) {
    const path = paths.get(file);
    if (path === undefined) continue;
    const text = texts.get(path);
    if (text) {
      const found = linesFor(file, lines);
      for (const slice of text) found.take(slice);
      quotes.set(file, found.lines);
    } else byPath.set(path, { file, lines });
  }
  if (byPath.size === 0) return;
  const open = new Set(byPath.keys());
  const walk = new Walk(source, LIMITS, () => undefined, watch.onBytes);
  try {
    for await (const member of walk.members()) {
      const request = byPath.get(member.path);
      // A name that comes twice: the last one was read.
      if (!request || member.link !== null) continue;
      quotes.set(request.file, await linesOf(member, linesFor(request.file, request.lines)));
      open.delete(member.path);
      if (!repeats && open.size === 0) break;
    }
  } catch (error) {
    if (!(error instanceof Damage || error instanceof LimitReached)) throw error;
  }
};

/** A line that was wrapped: how many lines it is in the file, and what stands between them when they are one. */
interface Wrapped {
  readonly count: number;
  readonly glue: '' | ' ';
}

const wrappedIn = (captures: readonly Capture[]): ReadonlyMap<number, Wrapped> =>
  new Map(
    captures.flatMap(({ joined }) =>
      joined ? [...joined.lines].map(([line, count]) => [line, { count, glue: joined.glue }] as const) : [],
    ),
  );

/** Picks lines out of a text that comes in slices of whole lines. */
class LinesOfText {
  readonly lines = new Map<number, Quotable>();
  readonly wanted: ReadonlySet<number>;
  readonly #mask: FileMask;
  readonly #last: number;
  readonly #wrapped: ReadonlyMap<number, Wrapped>;
  /** A wrapped line whose parts have not all come. */
  #open: { readonly line: number; readonly glue: '' | ' '; readonly texts: string[]; left: number } | undefined;
  #line = 1;

  constructor(wanted: ReadonlySet<number>, mask: FileMask, wrapped: ReadonlyMap<number, Wrapped> = new Map()) {
    this.wanted = wanted;
    this.#mask = mask;
    this.#wrapped = wrapped;
    this.#last = [...wanted].reduce((most, line) => Math.max(most, line + (wrapped.get(line)?.count ?? 1) - 1), 0);
  }

  get complete(): boolean {
    return this.#line > this.#last;
  }

  take(slice: string): void {
    for (let at = 0; at < slice.length && !this.complete; this.#line += 1) {
      const newline = slice.indexOf('\n', at);
      const end = newline < 0 ? slice.length : newline;
      const text = slice.slice(at, end);
      this.#part(this.#line, text);
      at = end + 1;
    }
  }

  /** A record of a capture that has no lines; they come in their order. */
  record(number: number, text: string): void {
    this.#quote(number, text);
  }

  #part(line: number, text: string): void {
    const open = this.#open;
    if (open) {
      open.texts.push(text);
      open.left -= 1;
      if (open.left > 0) return;
      this.#open = undefined;
      this.#quoteJoined(open.line, open.texts, open.glue);
      return;
    }
    const { count = 1, glue = '' } = this.#wrapped.get(line) ?? {};
    if (count > 1) this.#open = { line, glue, texts: [text], left: count - 1 };
    else this.#quote(line, text);
  }

  #quoteJoined(line: number, texts: readonly string[], glue: '' | ' '): void {
    if (this.wanted.has(line)) this.lines.set(line, this.#mask.quoteJoined(line, texts, glue));
    else for (const text of texts) this.#mask.pass(line, text);
  }

  #quote(line: number, text: string): void {
    if (this.wanted.has(line)) this.lines.set(line, this.#mask.quote(line, text));
    else this.#mask.pass(line, text);
  }
}

/** A binary capture's records, as its tool prints them. */
const recordsOf = async (
  member: Member,
  printer: RecordPrinter,
  found: LinesOfText,
): Promise<ReadonlyMap<number, Quotable>> => {
  try {
    for await (const bytes of member.content) {
      printer.push(bytes);
      if (printer.complete) break;
    }
  } catch (error) {
    if (!(error instanceof Damage || error instanceof LimitReached)) throw error;
  }
  for (const [number, line] of printer.lines) found.record(number, line);
  return found.lines;
};

const linesOf = async (member: Member, found: LinesOfText): Promise<ReadonlyMap<number, Quotable>> => {
  const head = await member.content.peek(BINARY_HEAD).catch(() => Buffer.alloc(0));
  const format = binaryFormatOf(head);
  if (format) return recordsOf(member, format.print(found.wanted), found);
  const slices = new PlainSlices((slice) => found.take(slice), LIMITS.lineLength);
  const decoder = new TextOfBytes();
  try {
    for await (const bytes of member.content) {
      for (const piece of decoder.push(bytes)) slices.push(piece);
      if (found.complete) return found.lines;
    }
  } catch (error) {
    if (!(error instanceof Damage || error instanceof LimitReached)) throw error;
  }
  slices.push(decoder.end());
  slices.end();
  return found.lines;
};
