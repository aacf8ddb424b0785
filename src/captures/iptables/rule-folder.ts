import type { Counters, Match, MatchOption, Target } from '../../records/iptables.ts';
import { canonicalPrefix, ipv4ToNumber } from '../../tables/address.ts';
import { freeText } from '../masking/free-text.ts';

/** What the tokens of one rule after its chain say. */
export interface FoldedRule {
  readonly matches: readonly Match[];
  readonly target: Target | undefined;
  /** From `-c PACKETS BYTES`, as `iptables -S -v` writes them. */
  readonly counters: Counters | undefined;
  readonly comment: string | undefined;
}

/** Flags of the rule itself (iptables/xshared.c) and the record's name of what they match; anything else belongs to the extension named last. */
const RULE_MATCHES: Readonly<Record<string, string>> = {
  '-p': 'protocol',
  '-s': 'source',
  '-d': 'destination',
  '-i': 'in-interface',
  '-o': 'out-interface',
  '-f': 'fragment',
};
const RULE_FLAG_LETTERS = new Set([...'mjgpsdiofc'].map((letter) => letter.charCodeAt(0)));

/** Flags whose one value is free text: it may look like a flag (`--comment -x` needs no quotes). */
const TEXT_FLAGS = new Set([
  '--comment',
  '--log-prefix',
  '--nflog-prefix',
  '--ulog-prefix',
  '--helper',
  '--string',
  '--hex-string',
  '--u32',
  '--bytecode',
  '--name',
  '--selctx',
]);

/** Of these the text that people write. */
const WRITTEN_FLAGS = new Set(['--comment', '--log-prefix', '--nflog-prefix', '--ulog-prefix', '--string']);

const QUOTE = 34;
const DASH = 45;

const isRuleFlag = (token: string | undefined): boolean =>
  token !== undefined &&
  token.length === 2 &&
  token.charCodeAt(0) === DASH &&
  RULE_FLAG_LETTERS.has(token.charCodeAt(1));

/** `--x` or `-x`, but no negative number. */
const isFlag = (token: string | undefined): boolean => token !== undefined && /^-[-a-zA-Z]/.test(token);

const unquote = (token: string): string => {
  if (token.charCodeAt(0) !== QUOTE) return token;
  const inner = token.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\(.)/g, '$1') : inner;
};

/** Index of the first token at or after `from` that belongs to the rule again. */
const optionsEnd = (tokens: readonly string[], from: number): number => {
  let i = from;
  for (; i < tokens.length; i += 1) {
    const token = tokens[i] ?? '';
    if (token === '!') {
      if (isRuleFlag(tokens[i + 1])) return i;
    } else if (token.charCodeAt(0) === DASH) {
      if (isRuleFlag(token)) return i;
      if (TEXT_FLAGS.has(token)) i += tokens[i + 1] === '!' ? 2 : 1;
    }
  }
  return Math.min(i, tokens.length);
};

/** Values found by a sequence of tokens. The last token finds the value itself: most values differ in it alone. */
class TokenTree<T> {
  readonly values = new Map<string, T>();
  #branches: Map<string, TokenTree<T>> | undefined;

  branch(token: string): TokenTree<T> {
    this.#branches ??= new Map();
    let next = this.#branches.get(token);
    if (!next) {
      next = new TokenTree();
      this.#branches.set(token, next);
    }
    return next;
  }
}

/**
 * Folds a rule's tokens (words, and quoted strings with their quotes) into matches and a target.
 * Equal matches of one capture are one object: a node's rules repeat the same few thousand matches.
 * Tokens are kept as the views of the capture's text that they are: rules keep most of their text, so copies would cost more than they free.
 */
export class RuleFolder {
  /** Reused, so that every rule's own array has just its length. */
  readonly #scratch: Match[] = [];
  readonly #ruleMatches = new TokenTree<Match>();
  readonly #matches = new TokenTree<Match>();
  readonly #jumps = new TokenTree<Target>();
  readonly #gotos = new TokenTree<Target>();

  fold(tokens: readonly string[]): FoldedRule {
    const matches = this.#scratch;
    matches.length = 0;
    let target: Target | undefined;
    let counters: Counters | undefined;
    let comment: string | undefined;
    let protocol = 'unknown';
    for (let i = 0; i < tokens.length; ) {
      const start = i;
      let invert = tokens[i] === '!';
      if (invert) i += 1;
      const flag = tokens[i] ?? '';
      if (!isRuleFlag(flag)) {
        // An option with no `-m` before it: it belongs to the extension that the protocol loads.
        i = optionsEnd(tokens, start + 1);
        matches.push(this.#match(protocol, tokens, start, i));
        continue;
      }
      const value = tokens[i + 1] ?? '';
      if (flag === '-m') {
        const from = i + 2;
        i = optionsEnd(tokens, from);
        if (value === 'comment') {
          const match = { name: value, options: buildOptions(tokens, from, i) };
          const text = match.options[0]?.values[0] ?? '';
          comment = comment === undefined ? text : `${comment}; ${text}`;
          matches.push(match);
        } else matches.push(this.#match(value, tokens, from, i));
      } else if (flag === '-j' || flag === '-g') {
        const from = i + 2;
        i = optionsEnd(tokens, from);
        target = this.#target(value, flag === '-g', tokens, from, i);
      } else if (flag === '-c') {
        counters = { packets: Number(value), bytes: Number(tokens[i + 2]) };
        i += 3;
      } else if (flag === '-f') {
        matches.push(this.#ruleMatch(flag, invert, ''));
        i += 1;
      } else {
        // Before 1.4.3 the exclamation mark followed the flag.
        const old = value === '!';
        if (old) invert = true;
        const shown = old ? (tokens[i + 2] ?? '') : value;
        matches.push(this.#ruleMatch(flag, invert, shown));
        if (flag === '-p') protocol = shown === 'ipv6-icmp' || shown === 'icmpv6' ? 'icmp6' : shown;
        i += old ? 3 : 2;
      }
    }
    return { matches: matches.slice(), target, counters, comment };
  }

  #ruleMatch(flag: string, invert: boolean, value: string): Match {
    const known = this.#ruleMatches.branch(invert ? `!${flag}` : flag).values;
    let match = known.get(value);
    if (!match) {
      const text = flag === '-s' || flag === '-d' ? masked(value) : unquote(value);
      match = { name: RULE_MATCHES[flag] ?? flag, options: [{ flag, invert, values: flag === '-f' ? [] : [text] }] };
      known.set(value, match);
    }
    return match;
  }

  #match(name: string, tokens: readonly string[], start: number, end: number): Match {
    let node = this.#matches;
    let last = name;
    for (let i = start; i < end; i += 1) {
      node = node.branch(last);
      last = tokens[i] ?? '';
    }
    let match = node.values.get(last);
    if (!match) {
      match = { name, options: buildOptions(tokens, start, end) };
      node.values.set(last, match);
    }
    return match;
  }

  #target(name: string, goto: boolean, tokens: readonly string[], start: number, end: number): Target {
    let node = goto ? this.#gotos : this.#jumps;
    let last = name;
    for (let i = start; i < end; i += 1) {
      node = node.branch(last);
      last = tokens[i] ?? '';
    }
    let target = node.values.get(last);
    if (!target) {
      target = { name: unquote(name), goto, options: buildOptions(tokens, start, end) };
      node.values.set(last, target);
    }
    return target;
  }
}

/** The canonical prefix; a host address of IPv4, by far the most of them, is canonical as it is printed. */
const masked = (value: string): string =>
  value.endsWith('/32') && ipv4ToNumber(value.slice(0, -3)) !== undefined ? value : (canonicalPrefix(value) ?? value);

const buildOptions = (tokens: readonly string[], start: number, end: number): MatchOption[] => {
  const options: MatchOption[] = [];
  for (let i = start; i < end; ) {
    let invert = tokens[i] === '!';
    if (invert) i += 1;
    // Words before any flag make an option without one.
    const flag = i < end && isFlag(tokens[i]) ? (tokens[i] ?? '') : '';
    if (flag !== '') i += 1;
    if (i < end && tokens[i] === '!' && !isFlag(tokens[i + 1])) {
      invert = true;
      i += 1;
    }
    const from = i;
    if (TEXT_FLAGS.has(flag)) i = Math.min(i + 1, end);
    while (i < end && tokens[i] !== '!' && !isFlag(tokens[i])) i += 1;
    const values = tokens.slice(from, i);
    for (let j = 0; j < values.length; j += 1) {
      const value = unquote(values[j] ?? '');
      values[j] = WRITTEN_FLAGS.has(flag) ? freeText(value) : value;
    }
    options.push({ flag, invert, values });
  }
  return options.length === 0 ? NO_OPTIONS : options.slice();
};
const NO_OPTIONS: MatchOption[] = [];
