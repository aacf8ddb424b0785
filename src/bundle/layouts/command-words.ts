import type { OptionWord, ToolWords } from '../../captures/format.ts';
import { FORMATS, formatOf } from '../../captures/known-formats.ts';
import type { CaptureKind } from '../../records/capture.ts';
import { OPTION_WORDS } from './tool-words.ts';

/** A tool's words found in a name or command line. */
export interface Named {
  readonly kind: CaptureKind;
  readonly family: 4 | 6 | undefined;
  /** True where the words alone prove nothing. */
  readonly common: boolean;
  /** What stands before the tool's words and after its options: a node, a number, a label. */
  readonly before: string;
  readonly after: string;
}

interface Token {
  /** In lower case. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

interface Phrase {
  readonly steps: readonly (readonly string[])[];
  readonly kind: CaptureKind;
  readonly tool: ToolWords;
}

const PHRASES: ReadonlyMap<string, readonly Phrase[]> = (() => {
  const byFirst = new Map<string, Phrase[]>();
  for (const { kind, words } of FORMATS)
    for (const tool of words) {
      const steps = tool.words.split(' ').map((step) => step.split('|'));
      for (const first of steps[0] ?? []) byFirst.set(first, [...(byFirst.get(first) ?? []), { steps, kind, tool }]);
    }
  // The longer phrase is the more exact one.
  for (const phrases of byFirst.values()) phrases.sort((a, b) => b.steps.length - a.steps.length);
  return byFirst;
})();

/** The kinds that are objects of a program, by its names for them. */
const objectsOf = (program: 'ip' | 'ip xfrm' | 'bridge'): ReadonlyMap<string, CaptureKind> =>
  new Map(
    FORMATS.flatMap(({ kind, object }) =>
      object?.of === program ? object.names.split('|').map((name) => [name, kind] as const) : [],
    ),
  );

const IP_OBJECTS = objectsOf('ip');
const XFRM_OBJECTS = objectsOf('ip xfrm');
const BRIDGE_OBJECTS = objectsOf('bridge');
const IP_NAMES: ReadonlySet<string> = new Set(['ip', 'ip4', 'ipv4', 'ip6', 'ipv6']);

/** Options that may stand between `ip` and its object. */
const IP_OPTIONS: ReadonlySet<string> = new Set(
  '4 6 d s ss o j p br c h t ts b n f stats statistics details detail oneline brief json color family inet inet6 all netns ipv4 ipv6 v4 v6'.split(
    ' ',
  ),
);

const tokens = (text: string): readonly Token[] =>
  [...text.matchAll(/[A-Za-z0-9]+/g)].map((match) => ({
    text: match[0].toLowerCase(),
    from: match.index,
    to: match.index + match[0].length,
  }));

/** The first tool that a name or a command line names; each word is looked up once, so a hostile name costs no more than a long one. */
export const namedIn = (name: string): Named | undefined => {
  const all = tokens(name);
  let weak: Named | undefined;
  for (let at = 0; at < all.length; at += 1) {
    const found = phraseAt(all, at);
    if (!found) continue;
    const named = complete(name, all, at, found);
    if (!named.common) return named;
    weak ??= named;
    at = found.next - 1;
  }
  return weak;
};

interface FoundPhrase {
  readonly kind: CaptureKind;
  readonly tool: Omit<ToolWords, 'words'>;
  readonly next: number;
}

const phraseAt = (all: readonly Token[], at: number): FoundPhrase | undefined => {
  const first = all[at]?.text ?? '';
  for (const { steps, kind, tool } of PHRASES.get(first) ?? [])
    if (steps.every((step, i) => step.includes(all[at + i]?.text ?? '')))
      return { kind, tool, next: at + steps.length };
  const object = IP_NAMES.has(first)
    ? ipObject(all, at + 1)
    : first === 'bridge'
      ? bridgeObject(all, at + 1)
      : undefined;
  return object && { ...object, tool: {} };
};

interface FoundObject {
  readonly kind: CaptureKind;
  readonly next: number;
}

/** `ip -6 -d route`: the object behind `ip` and its options. A one-letter object is an option where an object follows. */
const ipObject = (all: readonly Token[], from: number): FoundObject | undefined => {
  for (let at = from; at < all.length && at < from + 6; at += 1) {
    const word = all[at]?.text ?? '';
    const kind = IP_OBJECTS.get(word);
    const following = all[at + 1]?.text ?? '';
    if (kind && !(IP_OPTIONS.has(word) && (IP_OBJECTS.has(following) || following === 'xfrm')))
      return { kind, next: at + 1 };
    if (word === 'xfrm' || word === 'x') return objectAt(XFRM_OBJECTS, all, at + 1);
    if (!IP_OPTIONS.has(word)) return undefined;
  }
  return undefined;
};

const bridgeObject = (all: readonly Token[], from: number): FoundObject | undefined => {
  for (let at = from; at < all.length && at < from + 8; at += 1) {
    const found = objectAt(BRIDGE_OBJECTS, all, at);
    if (found) return found;
    if (!IP_OPTIONS.has(all[at]?.text ?? '')) return undefined;
  }
  return undefined;
};

const objectAt = (
  objects: ReadonlyMap<string, CaptureKind>,
  all: readonly Token[],
  at: number,
): FoundObject | undefined => {
  const kind = objects.get(all[at]?.text ?? '');
  return kind && { kind, next: at + 1 };
};

const complete = (name: string, all: readonly Token[], at: number, found: FoundPhrase): Named => {
  let { kind } = found;
  let next = found.next;
  for (; next < all.length; next += 1) {
    const token = all[next] as Token;
    // `_-Ln`, `__--stats`: what a dash marks is an option whatever its word.
    const marked = /[ _]-{1,2}$/.test(name.slice(Math.max(0, token.from - 3), token.from));
    if (
      !marked &&
      !OPTION_WORDS.has(token.text) &&
      !(/^(?:table)?\d{1,10}$/.test(token.text) && isTableNumber(all, next))
    )
      break;
    // An address that names a node: `ip-10-0-0-1`.
    if (token.text === 'ip' && /^\d/.test(all[next + 1]?.text ?? '')) break;
    kind = refined(kind, {
      word: token.text,
      asWritten: name.slice(token.from, token.to),
      before: all[next - 1]?.text,
    });
  }
  const whole = all.slice(at, next).map((token) => token.text);
  const six = whole.some(
    (word) =>
      word === '6' || word === 'ipv6' || word === 'inet6' || word === 'v6' || word === 'ip6' || word === 'snmp6',
  );
  const first = all[at] as Token;
  return {
    kind,
    family: six ? 6 : found.tool.family,
    common: found.tool.common === true,
    before: name.slice(0, first.from).replace(/[^A-Za-z0-9]+$/, ''),
    after: next < all.length ? name.slice((all[next] as Token).from) : '',
  };
};

const isTableNumber = (all: readonly Token[], at: number): boolean =>
  all.slice(Math.max(0, at - 2), at + 1).some((token) => token.text.startsWith('table'));

/** What an option makes of a tool's output. */
const refined = (kind: CaptureKind, option: OptionWord): CaptureKind => formatOf(kind)?.refined?.(option) ?? kind;
