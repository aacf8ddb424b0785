import type { Analysis } from '../../src/judging/analysis.ts';

/** Everything that has broken a report somewhere: markup, scripts, template and replacement syntax, escapes, direction marks, separators, NUL. */
export const PAYLOAD = [
  '"><img src=http://127.0.0.1:1/beacon onerror=window.pwned=1>',
  '<script>window.pwned=1;fetch("http://127.0.0.1:1/x")</script>',
  "'><svg onload=window.pwned=1>",
  '</style></title></svg><iframe src=//127.0.0.1:1></iframe>',
  '<!-- {{x}} {{{x}}} {{#each y}} $& $1 %s',
  '\u001b[31mred\u001b]0;title\u0007\u001b]8;;http://127.0.0.1:1\u0007link\u009b1m',
  '\u202egnp.exe\u2066\u2069\u200f\u2028\u2029\u0000\r\b\u007f\ufeff\ue0000\ue001\ud800',
  '`code` **strong** [a](http://127.0.0.1:1) ![i](http://127.0.0.1:1) | # <b> @all',
].join(' ');

/** As long, as many slashes and spaces, and harmless. */
export const BENIGN = [...PAYLOAD].map((c) => (c === '/' || c === ' ' ? c : 'x')).join('');

/** Fields whose values the code itself makes and compares. All others are mutated, codes and ids too. */
const ENUMS: ReadonlySet<string> = new Set([
  'verdict',
  'outcome',
  'confidence',
  'role',
  'seen',
  'wrapping',
  'leg',
  'direction',
  'place',
  'kind',
  'tcp',
]);

/** Codes that choose words: kept in the second variant, so that the words of the sample's own cause are tried with hostile values. */
const CODES: ReadonlySet<string> = new Set(['code', 'id', 'because', 'at', 'reason', 'stage', 'flow']);

const deep = (value: unknown, suffix: string, kept: ReadonlySet<string>, key = ''): unknown => {
  if (typeof value === 'string') return kept.has(key) ? value : `${value}${suffix}`;
  if (Array.isArray(value)) return value.map((item) => deep(item, suffix, kept, key));
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [deep(k, suffix, kept), deep(v, suffix, kept)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, deep(item, suffix, kept, name)]));
};

/** The analysis with a text after every string: codes too, or all but codes. */
export const suffixed = (analysis: Analysis, suffix: string, which: 'all' | 'values'): Analysis =>
  deep(analysis, suffix, which === 'all' ? ENUMS : new Set([...ENUMS, ...CODES])) as Analysis;
