import { parse } from '#grammars/ipset';
import type { IpSet, SetMember } from '../../records/ipset.ts';
import type { Source } from '../../records/source.ts';
import { canonicalAddress } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, grammarReader, LineSink } from '../module.ts';

/** Names that the types had before ipset 5 (ipset(8), "type names"). */
const OLD_TYPES = new Map([
  ['iphash', 'hash:ip'],
  ['nethash', 'hash:net'],
  ['ipporthash', 'hash:ip,port'],
  ['ipportiphash', 'hash:ip,port,ip'],
  ['ipportnethash', 'hash:ip,port,net'],
  ['iptree', 'hash:ip'],
  ['iptreemap', 'hash:ip'],
  ['ipmap', 'bitmap:ip'],
  ['macipmap', 'bitmap:ip,mac'],
  ['portmap', 'bitmap:port'],
  ['setlist', 'list:set'],
]);

/** Words of a header that stand alone; every other one has a value. */
const HEADER_FLAGS = new Set(['counters', 'comment', 'skbinfo', 'forceadd']);

const NO_WORDS: readonly string[] = [];
const QUOTE = 34;
const unquote = (token: string): string => (token.charCodeAt(0) === QUOTE ? token.slice(1, -1) : token);

class OpenSet implements IpSet {
  readonly source: Source;
  readonly name: string;
  type = '';
  header: ReadonlyMap<string, string> = new Map();
  references: number | undefined;
  declaredEntries: number | undefined;
  readonly members: SetMember[] = [];

  constructor(source: Source, name: string) {
    this.source = source;
    this.name = flatten(name);
  }

  setType(type: string): void {
    this.type = OLD_TYPES.get(type) ?? flatten(type);
  }

  setHeader(words: readonly string[]): void {
    const header = new Map<string, string>();
    for (let i = 0; i < words.length; i += 1) {
      const word = flatten((words[i] ?? '').replace(/^--/, ''));
      if (HEADER_FLAGS.has(word)) header.set(word, '');
      else {
        i += 1;
        header.set(word, flatten(words[i] ?? ''));
      }
    }
    this.header = header;
  }
}

class SetSink extends LineSink {
  readonly sets: OpenSet[] = [];
  /** Whether `Members:` was read and no other set began since. */
  inMembers = false;
  /** The command asks for names alone. */
  readonly namesAlone: boolean;
  readonly #byName = new Map<string, OpenSet>();
  #open: OpenSet | undefined;

  constructor(input: CaptureInput) {
    super(input);
    this.namesAlone = /(?:^|[\s_])-{1,2}n(?:ame)?(?=[\s_]|$)/.test(input.command ?? '');
  }

  name(name: string): void {
    this.#begin(name);
  }

  nameAlone(name: string): void {
    this.#begin(name).declaredEntries = Number.POSITIVE_INFINITY;
  }

  create(name: string, type: string, words: readonly string[]): void {
    const set = this.#begin(name);
    set.setType(type);
    set.setHeader(words);
    this.#byName.set(set.name, set);
  }

  type(type: string): void {
    this.#open?.setType(type);
  }

  header(words: readonly string[]): void {
    this.#open?.setHeader(words);
  }

  references(count: number): void {
    if (this.#open) this.#open.references = count;
  }

  entries(count: number): void {
    if (this.#open) this.#open.declaredEntries = count;
  }

  members(): void {
    this.inMembers = true;
  }

  /** A blank line ends the list: what a tool prints after it is no member. */
  endMembers(): void {
    this.inMembers = false;
  }

  member(element: string, tail: readonly string[]): void {
    if (this.#open) this.#push(this.#open, element, tail);
  }

  /** Members of `save` name their set; a list that lost its `create` line makes a set of unknown type. */
  add(name: string, element: string, tail: readonly string[]): void {
    let set = this.#open?.name === name ? this.#open : this.#byName.get(name);
    if (!set) {
      set = this.#begin(name);
      this.#byName.set(set.name, set);
    }
    this.#push(set, element, tail);
  }

  #begin(name: string): OpenSet {
    const set = new OpenSet(this.source(), name);
    this.sets.push(set);
    this.records += 1;
    this.#open = set;
    this.inMembers = false;
    return set;
  }

  #push(set: OpenSet, element: string, tail: readonly string[]): void {
    this.records += 1;
    set.members.push(memberOf(this.source(), partsOf(set, element), tail));
  }
}

// Views of the capture's text are kept as they are: nearly all of a set's text is its members.
const partsOf = (set: OpenSet, element: string): readonly string[] => {
  if (set.type === 'list:set') return [element];
  const parts = element.split(',');
  if (!element.includes('::') && set.header.get('family') !== 'inet6') return parts;
  return parts.map((part) => {
    const slash = part.indexOf('/');
    const address = canonicalAddress(slash < 0 ? part : part.slice(0, slash));
    return address === undefined ? part : slash < 0 ? address : address + part.slice(slash);
  });
};

const memberOf = (source: Source, parts: readonly string[], tail: readonly string[]): SetMember => {
  let nomatch = false;
  let timeout: number | undefined;
  let packets: number | undefined;
  let bytes: number | undefined;
  let comment: string | undefined;
  let extra: string[] | undefined;
  for (let i = 0; i < tail.length; i += 1) {
    const word = tail[i] ?? '';
    switch (word) {
      case 'timeout':
        i += 1;
        timeout = Number(tail[i]);
        break;
      case 'packets':
        i += 1;
        packets = Number(tail[i]);
        break;
      case 'bytes':
        i += 1;
        bytes = Number(tail[i]);
        break;
      case 'comment':
        i += 1;
        comment = unquote(tail[i] ?? '');
        break;
      case 'nomatch':
        nomatch = true;
        break;
      default:
        extra ??= [];
        extra.push(flatten(word));
    }
  }
  return { source, parts, nomatch, timeout, packets, bytes, comment, extra: extra ?? NO_WORDS };
};

/**
 * `ipset list` and `ipset save`. Records are sets and members. Of a terse list (`-t`) the members stay empty while
 * `declaredEntries` does not: whoever looks a member up must compare the two.
 */
export const ipset: CaptureModule = {
  programs: 'ipset',
  precedence: 60,
  mask: usualMask,
  formats: [
    {
      kind: 'ipset',
      words: [{ words: 'ipset|ipsets' }],
      firstLine: /^Name: \S+$|^create \S+ (?:hash|bitmap|list):/,
      scope: 'namespace',
      collect: 'ipset list',
    },
  ],
  open: (input) => grammarReader(input, new SetSink(input), parse, (sink) => ({ sets: sink.sets })),
  sniff: (head) =>
    /^Name: \S+\nType: \S+:\S+/m.test(head) ||
    /^<ipset name="/m.test(head) ||
    /^create \S+ (?:hash|bitmap|list):\S+/m.test(head)
      ? 'ipset'
      : undefined,
};
