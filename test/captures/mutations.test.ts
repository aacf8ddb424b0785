/**
 * Broken captures: whatever happens to a file on its way, reading it ends, soon, and accounts for its lines.
 * About 5 000 mutations by default; NETAUTOPSY_MUTATIONS=100000 for more. The seed is fixed, so a failure repeats.
 */
import { describe, expect, test } from 'vitest';
import { FORMATS } from '../../src/captures/known-formats.ts';
import { plainText } from '../../src/captures/plain-text.ts';
import type { CaptureKind } from '../../src/records/capture.ts';
import { canonicalPrefix } from '../../src/tables/address.ts';
import { read } from './fixture.ts';
import { ownTexts } from './own-material.ts';
import { corpus, withCorpus } from './shared-material.ts';

const MUTATIONS = Number(process.env.NETAUTOPSY_MUTATIONS ?? 5000);
const SLOW_MS = 1000;
const LARGEST = 12_000;
const PER_KIND = 6;

/** Corpus folders by kind, where the names differ. */
const FOLDERS: Partial<Record<CaptureKind, string>> = {
  'nft-ruleset': 'nft',
  sockets: 'ss',
  'ip-link': 'ip-addr',
  'ipvsadm-connections': 'ipvsadm',
  'ipvsadm-timeout': 'ipvsadm',
  'conntrack-stats': 'conntrack',
};
/** A few of many texts, evenly from the largest to the smallest. */
const some = (texts: readonly string[]): readonly string[] => {
  const found = texts.map((text) => text.slice(0, LARGEST)).sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return Array.from(
    { length: Math.min(PER_KIND, found.length) },
    (_, i) => found[Math.floor((i * found.length) / PER_KIND)] ?? '',
  );
};
const SOURCES = [
  ['our own captures', (kind: CaptureKind) => some(ownTexts(kind)), {}],
  ['the corpus', (kind: CaptureKind) => some(corpus(FOLDERS[kind] ?? kind).map(({ text }) => text)), withCorpus],
] as const;

/** mulberry32. */
const random = (seed: number) => {
  let state = seed >>> 0;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
};
type Random = ReturnType<typeof random>;

const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
const at = (text: string, r: Random): number => r(text.length + 1);

const MUTATORS: readonly ((text: string, r: Random) => string)[] = [
  (text, r) => text.slice(0, at(text, r)),
  (text, r) => text.slice(at(text, r)),
  (text, r) => {
    const [from, to] = [at(text, r), at(text, r)].sort((a, b) => a - b) as [number, number];
    return text.slice(0, from) + text.slice(to);
  },
  (text, r) => {
    let out = text;
    for (let i = 0; i <= r(8); i += 1) {
      const place = at(out, r);
      out = out.slice(0, place) + String.fromCharCode(r(4) === 0 ? r(0xffff) : r(256)) + out.slice(place + r(2));
    }
    return out;
  },
  (text) => text.replaceAll('\n', '\r\n'),
  (text, r) =>
    lines(text)
      .map((line) => (r(3) === 0 ? `\x1b[${r(108)}m${line.replace(/\s/, (blank) => `\x1b[0m${blank}`)}` : line))
      .join(''),
  (text, r) => {
    const all = lines(text);
    for (let i = all.length - 1; i > 0; i -= 1) {
      const j = r(i + 1);
      [all[i], all[j]] = [all[j] ?? '', all[i] ?? ''];
    }
    return all.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
  },
  (text, r) =>
    lines(text)
      .flatMap((line) => (r(4) === 0 ? [] : r(6) === 0 ? [line, line] : [line]))
      .join(''),
  (text, r) => text.replace(/[ \t]+/g, (blanks) => (r(6) === 0 ? '' : r(6) === 0 ? `${blanks}\t ` : blanks)),
  (text, r) =>
    text.replace(/\d+/g, (digits) =>
      r(12) === 0 ? (['', '-1', '99999999999999999999', '0x', '1e9', 'NaN'][r(6)] ?? '') : digits,
    ),
  // Brackets and quotes without end, and one line that holds nearly everything.
  (text, r) => text.replace(/[[\](){}"']/g, (mark) => (r(3) === 0 ? (r(2) === 0 ? '' : mark.repeat(1 + r(40))) : mark)),
  (text, r) => text.replace(/\n/g, (end) => (r(3) === 0 ? ' ' : end)),
  (text, r) => text.slice(0, at(text, r)) + '([{"'.charAt(r(4)).repeat(2000) + text.slice(at(text, r)),
];

/** Whether the line holds the word: as it stands, or as the address or prefix that it means. */
const says = (line: string, word: string): boolean => {
  if (line.includes(word)) return true;
  const prefix = canonicalPrefix(word);
  // iproute2 prints no trailing zeros of a network: 10/8.
  const whole = (own: string): string =>
    own.replace(
      /^(\d+(?:\.\d+){0,2})\//,
      (_, parts: string) => `${[...parts.split('.'), 0, 0, 0].slice(0, 4).join('.')}/`,
    );
  return prefix !== undefined && line.split(/\s+/).some((own) => canonicalPrefix(whole(own)) === prefix);
};

/** What must hold of any reading. */
const check = (kind: CaptureKind, text: string): void => {
  // CPU time: a busy machine makes no reading slow.
  const before = process.cpuUsage();
  const capture = read(kind, text);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(SLOW_MS);
  const physical = lines(plainText(text));
  expect(capture.lines).toBe(physical.length);
  expect(capture.ignored).toBeGreaterThanOrEqual(0);
  // iproute2's -o joins lines by backslashes; each part is accounted for.
  const joined = text.split('\\').length - 1;
  expect(capture.ignored + capture.unread).toBeLessThanOrEqual(capture.lines + joined);
  expect(capture.unreadLines).toHaveLength(Math.min(capture.unread, 20));
  expect(Number.isSafeInteger(capture.records)).toBe(true);
  for (const { source, text: quoted } of capture.unreadLines) {
    expect(source.line).toBeGreaterThanOrEqual(1);
    const line = physical[source.line - 1] ?? '';
    // What may be an IPsec key is masked in quotes.
    for (const word of quoted.split(/\[masked\]|\s+/))
      expect(says(line, word), `"${word}" quoted of ${line}`).toBe(true);
  }
};

const kinds = [...new Set(FORMATS.map(({ kind }) => kind))].sort();
const share = Math.max(1, Math.ceil(MUTATIONS / kinds.length));

describe.each(SOURCES)('broken captures, made of %s, are read to their end', (source, originals, when) => {
  test.each(kinds)('%s', { ...when, timeout: 600_000 }, (kind) => {
    const texts = originals(kind);
    if (source === 'our own captures')
      expect(texts.length, `no original of ${kind}: add some lines to own-material.ts`).toBeGreaterThan(0);
    if (texts.length === 0) return;
    const r = random([...kind].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7));
    for (const text of texts) check(kind, text);
    for (let i = 0; i < share; i += 1) {
      let text = texts[r(texts.length)] ?? '';
      const applied: number[] = [];
      for (let n = 0; n <= r(2); n += 1) {
        const which = r(MUTATORS.length);
        applied.push(which);
        text = MUTATORS[which]?.(text, r) ?? text;
      }
      try {
        check(kind, text);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(
          `${kind}, mutation ${i} (mutators ${applied.join(', ')}): ${why}\n${JSON.stringify(text.slice(0, 2000))}`,
          {
            cause: error,
          },
        );
      }
    }
  });
});

describe('broken captures', () => {
  test('a healthy rest is read: what stands after the broken place is not lost', () => {
    const good = '12:00:00.000000 IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 1\n';
    for (const bad of ['\u0000\u0001\n', '((((((\n', `${'['.repeat(5000)}\n`, '12:00:00.000000 IP (tos 0x0, ttl 64\n'])
      expect(read('tcpdump', good + bad + good).data.packets?.count).toBeGreaterThanOrEqual(2);
  });
});
