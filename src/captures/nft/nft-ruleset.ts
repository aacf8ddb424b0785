import { parse } from '#grammars/nft-ruleset';
import type { Counters, NftChain, NftRule, NftSet, NftStatement, NftTable } from '../../records/iptables.ts';
import type { Source } from '../../records/source.ts';
import { flatten } from '../../tables/interner.ts';
import { freeText } from '../masking/free-text.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, type CaptureReader, grammarReader, LineSink } from '../module.ts';
import { rulesetOfJson } from './nft-json.ts';
import { withNames } from './nft-numbers.ts';
import { type NamedPriority, priorityOf } from './nft-priority.ts';

/** A statement as the grammar hands it over: counters and comments still carry what the rule's own fields will hold. */
type ReadStatement = NftStatement & { packets?: number; bytes?: number; comment?: string };

interface OpenChain extends NftChain {
  type: string | undefined;
  hook: string | undefined;
  priority: number | undefined;
  device: string | undefined;
  policy: 'accept' | 'drop' | undefined;
  readonly rules: NftRule[];
}

interface OpenSet extends NftSet {
  kind: 'set' | 'map' | 'vmap';
  type: string | undefined;
  flags: readonly string[];
  readonly elements: string[];
}

interface OpenTable extends NftTable {
  readonly chains: Map<string, OpenChain>;
  readonly sets: Map<string, OpenSet>;
}

/** Texts are kept as the views of the capture that they are: nearly all of a ruleset's text is kept, so copies would cost more than they free. */
class RulesetSink extends LineSink {
  readonly tables: OpenTable[] = [];
  /** The innermost block that is open. */
  block: 'none' | 'table' | 'chain' | 'set' | 'other' = 'none';
  /** Whether the open set's elements go on from the line before. */
  inElements = false;
  #table: OpenTable | undefined;
  #chain: OpenChain | undefined;
  #set: OpenSet | undefined;

  table(family: NftTable['family'], name: string, closed: boolean): void {
    this.ignore();
    this.#table = { source: this.source(), family, name: flatten(name), chains: new Map(), sets: new Map() };
    this.tables.push(this.#table);
    this.block = closed ? 'none' : 'table';
    this.inElements = false;
  }

  chain(name: string, closed: boolean): void {
    this.records += 1;
    this.#chain = newChain(this.source(), flatten(name));
    this.#table?.chains.set(this.#chain.name, this.#chain);
    this.block = closed ? 'table' : 'chain';
  }

  set(kind: 'set' | 'map' | 'meter', name: string): void {
    this.records += 1;
    this.#set = {
      source: this.source(),
      name: flatten(name),
      kind: kind === 'map' ? 'map' : 'set',
      type: undefined,
      flags: [],
      elements: [],
    };
    this.#table?.sets.set(this.#set.name, this.#set);
    this.block = 'set';
  }

  other(): void {
    this.ignore();
    this.block = 'other';
  }

  close(): void {
    this.ignore();
    this.inElements = false;
    this.block = this.block === 'none' || this.block === 'table' ? 'none' : 'table';
  }

  base(type: string, hook: string, device: string | null, priority: NamedPriority, policy: string | null): void {
    this.ignore();
    const chain = this.#chain;
    if (!chain) return;
    chain.type = flatten(type);
    chain.hook = flatten(hook);
    chain.device = device === null ? undefined : flatten(device.replace(/^"|"$/g, ''));
    chain.priority = priorityOf(priority, this.#table?.family ?? 'ip');
    chain.policy = policy === 'drop' ? 'drop' : 'accept';
  }

  type(text: string): void {
    this.ignore();
    if (!this.#set) return;
    this.#set.type = flatten(text);
    if (/: verdict$/.test(text)) this.#set.kind = 'vmap';
  }

  flags(text: string): void {
    this.ignore();
    if (this.#set) this.#set.flags = text.split(/\s*,\s*/).map(flatten);
  }

  elements(elements: readonly string[], closed: boolean): void {
    this.ignore();
    for (const element of elements) this.#set?.elements.push(element.trim());
    this.inElements = !closed;
  }

  rule(line: string, read: readonly ReadStatement[], handle: number | null): void {
    this.records += 1;
    const chain = this.#chain;
    if (!chain) return;
    let counters: Counters | undefined;
    const comments: string[] = [];
    const statements: NftStatement[] = [];
    for (const statement of read) {
      if (statement.kind === 'counter') {
        if (statement.packets !== undefined && statement.bytes !== undefined)
          counters = { packets: statement.packets, bytes: statement.bytes };
        statements.push({ kind: 'counter' });
      } else if (statement.kind === 'comment') {
        comments.push(freeText(statement.comment ?? ''));
        statements.push({ kind: 'comment' });
      } else statements.push(withNames(statement));
    }
    chain.rules.push({
      source: this.source(),
      chain: chain.name,
      text: withoutWritten((handle === null ? line : line.slice(0, line.lastIndexOf('# handle '))).trim()),
      statements,
      counters,
      comment: comments.length > 0 ? comments.join('; ') : undefined,
      handle: handle ?? undefined,
    });
  }
}

/** The rule with what people wrote into it as a record may hold it. */
const withoutWritten = (rule: string): string =>
  rule.includes('"')
    ? rule.replace(/\b(comment|prefix) "([^"]*)"/g, (_, word: string, text: string) => `${word} "${freeText(text)}"`)
    : rule;

const newChain = (source: Source, name: string): OpenChain => ({
  source,
  name,
  type: undefined,
  hook: undefined,
  priority: undefined,
  device: undefined,
  policy: undefined,
  rules: [],
});

const JSON_HEAD = /^\s{0,80}\{\s{0,80}"nftables"\s{0,80}:/;

const open = (input: CaptureInput): CaptureReader => {
  const sink = new RulesetSink(input);
  const reader = grammarReader(input, sink, parse, () => ({ nftTables: sink.tables }));
  /** A JSON text is one value: it is read when all of it is there. */
  let json: string[] | undefined;
  return {
    read(slice) {
      if (json) json.push(slice);
      else if (sink.line === input.firstLine && JSON_HEAD.test(slice)) json = [slice];
      else reader.read(slice);
    },
    end() {
      if (json) readJson(json.join(''), input.firstLine, sink, reader);
      return reader.end();
    },
  };
};

const readJson = (text: string, firstLine: number, sink: RulesetSink, reader: CaptureReader): void => {
  const { lines, broken } = rulesetOfJson(text, firstLine);
  sink.folded = true;
  for (const { text: line, line: number } of lines) {
    sink.line = number;
    reader.read(`${line}\n`);
  }
  for (const { text: cut, line } of broken) {
    sink.line = line;
    sink.raw(cut);
  }
  sink.folded = false;
  sink.line = firstLine + text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
};

/** `nft list ruleset` as text, or with `-j`. Records are chains, sets and rules. */
export const nftRuleset: CaptureModule = {
  programs: 'nft',
  precedence: 10,
  mask: usualMask,
  formats: [
    {
      kind: 'nft-ruleset',
      words: [{ words: 'nft|nftables|nftable' }],
      firstLine: /^table (?:ip6?|inet|arp|bridge|netdev) \S+ \{/,
      scope: 'namespace',
      collect: 'nft -a list ruleset',
    },
  ],
  open,
  sniff: (head) =>
    JSON_HEAD.test(head) || /^table (?:ip6?|inet|arp|bridge|netdev) \S+ \{/m.test(head) ? 'nft-ruleset' : undefined,
};
