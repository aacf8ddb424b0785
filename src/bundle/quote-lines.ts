import { PlainSlices } from '../captures/read-text.ts';
import type { Bundle, BundleOrigin } from './bundle.ts';
import { LIMITS } from './limits.ts';
import { maskKeys } from './mask-keys.ts';
import { Damage, LimitReached } from './open/damage.ts';
import type { Member } from './open/walk.ts';
import { Walk } from './open/walk.ts';
import { TextOfBytes } from './read/decode.ts';

const QUOTED = 2000;

/**
 * The original text of lines, by file and line, in a second pass over the bundle. Keys are masked; lines that do not exist are left out.
 * Standard input was kept for it.
 */
export const quoteLines = async (
  bundle: Pick<Bundle, 'origins'>,
  wanted: ReadonlyMap<string, ReadonlySet<number>>,
): Promise<ReadonlyMap<string, ReadonlyMap<number, string>>> => {
  const quotes = new Map<string, ReadonlyMap<number, string>>();
  for (const origin of bundle.origins) await quoteFrom(origin, wanted, quotes);
  return quotes;
};

const quoteFrom = async (
  { source, paths, repeats }: BundleOrigin,
  wanted: ReadonlyMap<string, ReadonlySet<number>>,
  quotes: Map<string, ReadonlyMap<number, string>>,
): Promise<void> => {
  const own = [...wanted].filter(([file]) => paths.has(file));
  const byPath = new Map(own.map(([file, lines]) => [paths.get(file) ?? file, { file, lines }] as const));
  if (byPath.size === 0) return;
  const walk = new Walk(source, LIMITS, () => undefined);
  try {
    for await (const member of walk.members()) {
      const request = byPath.get(member.path);
      // A name that comes twice: the last one was read.
      if (!request || member.link !== null) continue;
      quotes.set(request.file, await linesOf(member, request.lines));
      if (!repeats && own.every(([file]) => quotes.has(file))) break;
    }
  } catch (error) {
    if (!(error instanceof Damage || error instanceof LimitReached)) throw error;
  }
};

const linesOf = async (member: Member, wanted: ReadonlySet<number>): Promise<ReadonlyMap<number, string>> => {
  const lines = new Map<number, string>();
  const last = Math.max(...wanted);
  let line = 1;
  const slices = new PlainSlices((slice) => {
    for (let at = 0; at < slice.length && line <= last; line += 1) {
      const newline = slice.indexOf('\n', at);
      const end = newline < 0 ? slice.length : newline;
      if (wanted.has(line)) lines.set(line, quote(slice.slice(at, end)));
      at = end + 1;
    }
  }, LIMITS.lineLength);
  const text = new TextOfBytes();
  try {
    for await (const bytes of member.content) {
      for (const piece of text.push(bytes)) slices.push(piece);
      if (line > last) return lines;
    }
  } catch (error) {
    if (!(error instanceof Damage || error instanceof LimitReached)) throw error;
  }
  slices.push(text.end());
  slices.end();
  return lines;
};

/** Masked before it is cut: half a key is a key's half. */
const quote = (line: string): string => maskKeys(line.slice(0, 4 * QUOTED)).slice(0, QUOTED);
