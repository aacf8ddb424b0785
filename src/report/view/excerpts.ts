import type { EvidenceLine } from '../../causes/facts/finding.ts';
import type { Analysis } from '../../judging/analysis.ts';
import { cut, visible, visibleLine } from '../visible.ts';

/** Text of a line in pieces; the decisive words are marked. */
export interface Piece {
  readonly text: string;
  readonly mark: boolean;
}
export interface ExcerptLine {
  readonly number: number;
  readonly decisive: boolean;
  readonly cited: boolean;
  readonly pieces: readonly Piece[];
}
export interface Excerpt {
  readonly file: string;
  readonly decisive: boolean;
  /** A binary capture: the numbers are those of packets. */
  readonly packets: boolean;
  /** Lines that follow one another; a new part begins after a gap. */
  readonly parts: readonly { readonly lines: readonly ExcerptLine[] }[];
}

const AROUND = 3;
const LINE_MOST = 900;

/** The line in pieces, longest words first so that `SYN_RECV` is not marked as `SYN`. Words that are not in it are passed over. */
export const marked = (text: string, words: readonly string[]): Piece[] => {
  const spans: [number, number][] = [];
  for (const word of [...words].filter((w) => w !== '').sort((a, b) => b.length - a.length)) {
    const standsAlone = (at: number) => {
      const before = text[at - 1] ?? ' ';
      const after = text[at + word.length] ?? ' ';
      return !(/\w/.test(before) && /\w/.test(word[0] ?? '')) && !(/\w/.test(after) && /\w/.test(word.at(-1) ?? ''));
    };
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
      const end = at + word.length;
      if (standsAlone(at) && !spans.some(([from, to]) => at < to && end > from)) spans.push([at, end]);
    }
  }
  spans.sort((a, b) => a[0] - b[0]);
  const pieces: Piece[] = [];
  let from = 0;
  for (const [start, end] of spans) {
    if (start > from) pieces.push({ text: text.slice(from, start), mark: false });
    pieces.push({ text: text.slice(start, end), mark: true });
    from = end;
  }
  if (from < text.length || pieces.length === 0) pieces.push({ text: text.slice(from), mark: false });
  return pieces;
};

/** The cited lines with three lines around each, one excerpt per file in the order of first mention, decisive files first. */
export const excerptsOf = (analysis: Analysis, evidence: readonly EvidenceLine[]): Excerpt[] => {
  const files = new Map<string, EvidenceLine[]>();
  for (const line of evidence) {
    const list = files.get(line.source.file);
    if (list) list.push(line);
    else files.set(line.source.file, [line]);
  }
  const excerpts = [...files].flatMap(([file, lines]) => {
    const texts = analysis.quotes.get(file);
    if (!texts) return [];
    const shown = new Set<number>();
    for (const { source } of lines)
      for (let n = source.line - AROUND; n <= source.line + AROUND; n += 1) if (texts.has(n)) shown.add(n);
    const parts: { lines: ExcerptLine[] }[] = [];
    let previous = Number.NaN;
    for (const number of [...shown].sort((a, b) => a - b)) {
      const cited = lines.filter((line) => line.source.line === number);
      if (number !== previous + 1) parts.push({ lines: [] });
      parts.at(-1)?.lines.push({
        number,
        cited: cited.length > 0,
        decisive: cited.some((line) => line.role === 'decisive'),
        pieces: marked(
          cut(visible(texts.get(number) ?? '').replace(/\n/g, ' '), LINE_MOST),
          cited.flatMap((line) => line.words ?? []).map(visibleLine),
        ),
      });
      previous = number;
    }
    return parts.length === 0
      ? []
      : [
          {
            file: visibleLine(file),
            decisive: lines.some((line) => line.role === 'decisive'),
            packets: lines[0]?.source.unit === 'packet',
            parts,
          },
        ];
  });
  return [...excerpts.filter((excerpt) => excerpt.decisive), ...excerpts.filter((excerpt) => !excerpt.decisive)];
};
