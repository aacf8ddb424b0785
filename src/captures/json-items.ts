import type { CaptureReader, LineSink } from './module.ts';

/** One object of a JSON document and the line at which it begins. */
export interface JsonItem {
  readonly value: Readonly<Record<string, unknown>>;
  readonly line: number;
  /** The object as it stands in the file. */
  readonly text: string;
}

/** What a scan of a JSON text found: whole objects, and the lines of text that belong to none (a document that was cut). */
export interface JsonScan {
  readonly items: readonly JsonItem[];
  readonly broken: readonly { readonly line: number; readonly text: string }[];
}

/**
 * The objects of a text of JSON arrays (`ip -j`, `ss`'s kin) or single objects. Several documents may follow one another (`ip -j route; ip -j -6 route`).
 * Elements are parsed one at a time, so that a cut or broken document keeps its good ones and each knows its line.
 */
export const scanJson = (text: string, firstLine: number): JsonScan => {
  const items: JsonItem[] = [];
  const broken: { line: number; text: string }[] = [];
  let line = firstLine;
  let depth = 0;
  let base = 0;
  let start = -1;
  let startLine = firstLine;
  let inString = false;
  const take = (end: number): void => {
    const element = text.slice(start, end);
    try {
      items.push({ value: JSON.parse(element), line: startLine, text: element });
    } catch {
      broken.push({ line: startLine, text: element });
    }
    start = -1;
  };
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 10) line += 1;
    if (inString) {
      if (code === 92) i += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 || code === 123) {
      if (depth === 0) base = code === 91 ? 1 : 0;
      if (code === 123 && depth === base && start < 0) {
        start = i;
        startLine = line;
      }
      depth += 1;
    } else if (code === 93 || code === 125) {
      depth = Math.max(0, depth - 1);
      if (code === 125 && depth === base && start >= 0) take(i + 1);
    }
  }
  if (start >= 0) broken.push({ line: startLine, text: text.slice(start) });
  return { items, broken };
};

/**
 * A reader that hands JSON to `fromJson` and everything else to the text reader: the first character that is not blank decides.
 * JSON cannot be read line by line, so its text is kept until the end; all its lines count as read but for broken elements.
 */
export const textOrJson = <S extends LineSink>(
  text: CaptureReader,
  sink: S,
  fromJson: (sink: S, item: JsonItem) => void,
): CaptureReader => {
  let form: 'unknown' | 'text' | 'json' = 'unknown';
  const slices: string[] = [];
  return {
    read(slice) {
      if (form === 'unknown') {
        const first = /\S/.exec(slice)?.[0];
        if (first !== undefined) form = first === '[' || first === '{' ? 'json' : 'text';
      }
      if (form === 'json') slices.push(slice);
      else text.read(slice);
    },
    end() {
      if (form === 'json') readJson(slices.join(''), sink, fromJson);
      return text.end();
    },
  };
};

const readJson = <S extends LineSink>(text: string, sink: S, fromJson: (sink: S, item: JsonItem) => void): void => {
  const first = sink.line;
  sink.see(text);
  const { items, broken } = scanJson(text, first);
  for (const item of items) {
    sink.line = item.line;
    fromJson(sink, item);
  }
  for (const { line, text: rest } of broken) {
    sink.line = line;
    sink.raw(rest.split('\n', 1)[0] ?? '');
  }
  const newlines = text.split('\n').length - 1;
  sink.line = first + newlines + (text.endsWith('\n') ? 0 : 1);
};

/** The line at which an object's key stands. */
export const lineOfKey = (item: JsonItem, key: string): number => {
  const at = item.text.indexOf(JSON.stringify(key));
  return item.line + (at < 0 ? 0 : item.text.slice(0, at).split('\n').length - 1);
};

/* Reading fields of an unknown JSON value: the wrong type is the same as absent. */

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
export const number = (value: unknown): number | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && /^(0x[0-9a-fA-F]+|-?\d+(\.\d+)?)$/.test(value) ? Number(value) : undefined;
};
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const object = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
export const texts = (value: unknown): readonly string[] => list(value).filter((item) => typeof item === 'string');
