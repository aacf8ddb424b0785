import type { Bundle, IgnoredMember } from './bundle.ts';

/** A capture as `--list` shows it. */
export interface ListedCapture {
  readonly node: string;
  readonly namespace: string;
  readonly kind: string;
  readonly file: string;
  readonly firstLine: number;
  readonly records: number;
  readonly unread: number;
  readonly partial: boolean;
}

export interface Listing {
  readonly name: string;
  readonly layout: string;
  readonly captures: readonly ListedCapture[];
  readonly ignored: readonly IgnoredMember[];
}

/** Which file was taken for which capture of which node and namespace, and what was ignored and why. */
export const listing = (bundle: Bundle): Listing => ({
  name: bundle.name,
  layout: bundle.layout,
  captures: bundle.nodes.flatMap((node) =>
    node.namespaces.flatMap((namespace) =>
      namespace.captures.map((capture) => ({
        node: node.name,
        namespace: namespace.name,
        kind: capture.kind,
        file: capture.file,
        firstLine: capture.firstLine ?? 1,
        records: capture.records,
        unread: capture.unread,
        partial: capture.partial,
      })),
    ),
  ),
  ignored: bundle.ignored,
});

/** Nothing of a name may move the terminal's cursor or turn its text around. */
const visible = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');

/**
 * The listing as lines of columns: node, namespace, kind, records, unread, file; ignored members behind `-`. Tabs separate them for programs; for eyes the columns
 * stand under one another.
 */
export const listBundle = (bundle: Bundle, aligned = false): string => {
  const { name, layout, captures, ignored } = listing(bundle);
  const rows = captures.map((c) => [
    c.node,
    c.namespace,
    c.kind,
    String(c.records),
    String(c.unread),
    c.firstLine > 1 ? `${c.file}:${c.firstLine}` : c.file,
    ...(c.partial ? ['partial'] : []),
  ]);
  const title = [name, layout].map(visible);
  const table = [
    ['node', 'namespace', 'kind', 'records', 'unread', 'file'],
    ...rows,
    ...ignored.map(({ file, why }) => ['-', '-', '-', '-', '-', file, why]),
  ].map((row) => row.map(visible));
  if (!aligned) return [title, ...table].map((row) => row.join('\t')).join('\n');
  const widths = [0, 1, 2, 3, 4].map((column) =>
    table.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        NUMBERS.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ');
  return [title.join('  '), ...table.map(line)].join('\n');
};

/** Columns that are read from the right. */
const NUMBERS: ReadonlySet<number> = new Set([3, 4]);
