import { parse } from '#grammars/iptables-list';
import type { Backend, Counters, Match, MatchOption, Target } from '../../records/iptables.ts';
import { canonicalPrefix } from '../../tables/address.ts';
import { icmp6TypeNumber, icmpTypeNumber } from '../../tables/icmp-types.ts';
import { flatten } from '../../tables/interner.ts';
import { servicePort } from '../../tables/service-ports.ts';
import { freeText } from '../masking/free-text.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, grammarReader, LineSink } from '../module.ts';
import { isProse } from '../prose.ts';
import { closeTables, hintsOf, OpenTable, type RuleHints } from './rule-tables.ts';

/** What the grammar makes of one extension's words: a match, options of the target, the goto mark, a NAT address, or a word that nobody knows. */
interface Extension {
  readonly match?: Match;
  readonly options?: readonly MatchOption[];
  readonly goto?: boolean;
  readonly to?: string;
  readonly word?: string;
}

interface Devices {
  readonly input: string;
  readonly output: string;
}

interface ChainState {
  readonly policy: string;
  readonly counters: Counters | null;
}

/** Order in which a table lists its built-in chains: that of the hooks. */
const HOOK_ORDER = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

/** iptables 1.8.9 prints protocols as numbers where -n is given; iptables-save, which the rest of the program is used to, prints names. */
const PROTOCOLS = new Map([
  ['1', 'icmp'],
  ['2', 'igmp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['33', 'dccp'],
  ['47', 'gre'],
  ['50', 'esp'],
  ['51', 'ah'],
  ['58', 'ipv6-icmp'],
  ['89', 'ospf'],
  ['112', 'vrrp'],
  ['132', 'sctp'],
  ['136', 'udplite'],
]);

/** What the protocol's column holds: a number, or a name of /etc/protocols that people filter by. */
const PROTOCOL =
  /^!?(?:all|tcp|udp|udplite|sctp|dccp|icmp|icmpv6|ipv6-icmp|esp|ah|gre|igmp|ospf|vrrp|pim|ipip|ipencap|ipv6|ipv6-[a-z]{2,8}|l2tp|etherip|ipcomp|mh|mobility-header|egp|rsvp|eigrp|carp|fc|tlsp|\d{1,3})$/;

/** Names that every system's files give to these (without -n). */
const NAMED_ADDRESSES = new Map([
  ['localhost', '127.0.0.1/32'],
  ['loopback/8', '127.0.0.0/8'],
]);

const NAT_FLAGS = new Map([
  ['DNAT', '--to-destination'],
  ['SNAT', '--to-source'],
]);

class ListSink extends LineSink {
  readonly tables: OpenTable[] = [];
  /** Whether a chain's column heads were read: only then can a line be a rule. */
  inChain = false;
  /** Which optional columns the chain's rules have. */
  numbered = false;
  counted = false;
  verbose = false;
  #open: OpenTable | undefined;
  #chain = '';
  #hook = -1;
  #inUserChains = false;
  #hints: RuleHints;
  #backend: Backend;
  /** Of the last rule, for a line that continues it. */
  #last:
    | { readonly base: readonly Match[]; readonly target: string | null; readonly extensions: Extension[] }
    | undefined;

  constructor(input: CaptureInput) {
    super(input);
    // The input's own family counts for more than its command's name.
    this.#hints = { ...hintsOf(input.command), family: undefined };
    this.#backend = this.#hints.backend ?? 'unknown';
  }

  warning(text: string): void {
    this.tool(text);
    // Only the nf_tables programs look for the other backend.
    if (text.includes('legacy tables present')) this.#backend = 'nft';
  }

  command(text: string): void {
    this.ignore();
    this.#hints = hintsOf(text);
    this.#backend = this.#hints.backend ?? 'unknown';
    this.#open = undefined;
    this.inChain = false;
  }

  chain(name: string, state: ChainState | null): void {
    if (this.#beginsTable(name, state !== null)) {
      this.#open = new OpenTable(this.source(), this.#hints.table, this.#backend, this.#hints.family);
      this.tables.push(this.#open);
      this.#inUserChains = false;
      this.#hook = -1;
    }
    this.#chain = flatten(name);
    if (state) this.#hook = HOOK_ORDER.indexOf(name);
    else this.#inUserChains = true;
    this.#open?.chain(
      this.#chain,
      this.source(),
      state ? flatten(state.policy) : undefined,
      state?.counters ?? undefined,
    );
    this.inChain = false;
    this.records += 1;
  }

  columns(numbered: boolean, counted: boolean, verbose: boolean): void {
    this.ignore();
    this.numbered = numbered;
    this.counted = counted;
    this.verbose = verbose;
    this.inChain = this.#open !== undefined;
    this.#last = undefined;
  }

  /** An empty line ends a chain: what stands behind it without another chain's head is nobody's rule. */
  blank(): void {
    this.inChain = false;
    this.#last = undefined;
  }

  /** A sentence may have a rule's first words: what follows them then is no extension, and the protocol is none. */
  isRule(protocol: string, fragment: string | null, extensions: readonly Extension[]): boolean {
    if (fragment === null && !PROTOCOL.test(protocol)) return false;
    const words = extensions.flatMap(({ word }) => word ?? []);
    return words.length < 4 || !isProse(words.join(' '));
  }

  rule(
    counters: Counters | null,
    target: string | null,
    protocol: string,
    fragment: string | null,
    devices: Devices | null,
    source: string,
    destination: string,
    extensions: Extension[],
  ): void {
    const table = this.#open;
    if (!table) return;
    const base = [
      ...addressMatch('source', '-s', source),
      ...addressMatch('destination', '-d', destination),
      ...(devices ? deviceMatch('in-interface', '-i', devices.input) : []),
      ...(devices ? deviceMatch('out-interface', '-o', devices.output) : []),
      ...protocolMatch(protocol),
      ...(fragment === '-f' || fragment === '!f'
        ? [{ name: 'fragment', options: [{ flag: '-f', invert: fragment === '!f', values: [] }] }]
        : []),
    ];
    if (/^!?::\/0$/.test(source) || /^!?::\/0$/.test(destination)) table.ruleFamily ??= 6;
    if (source === '0.0.0.0/0' || destination === '0.0.0.0/0') table.ruleFamily ??= 4;
    this.#last = { base, target, extensions };
    const chain = table.chain(this.#chain, this.source());
    table.rule(chain, this.source(), foldExtensions(base, target, extensions), counters ?? undefined);
    this.records += 1;
  }

  extend(extensions: readonly Extension[]): void {
    const rules = this.#open?.chains.get(this.#chain)?.rules;
    const rule = rules?.at(-1);
    if (!this.#last || !rules || !rule) return;
    this.#last.extensions.push(...extensions);
    const { base, target } = this.#last;
    rules[rules.length - 1] = { ...rule, ...foldExtensions(base, target, this.#last.extensions) };
    this.ignore();
  }

  /** A listing has no line between tables: the next begins where the order of chains starts over. */
  #beginsTable(name: string, builtIn: boolean): boolean {
    const table = this.#open;
    if (!table || table.chains.has(name)) return true;
    if (!builtIn) return false;
    const hook = HOOK_ORDER.indexOf(name);
    // Before 2.6.34 nat had no INPUT, and its OUTPUT stood last.
    const oldNat = name === 'OUTPUT' && this.#hook === 4 && table.chains.has('PREROUTING') && table.chains.size === 2;
    return this.#inUserChains || (hook < this.#hook && !oldNat);
  }
}

const addressMatch = (name: string, flag: string, shown: string): Match[] => {
  const invert = shown.startsWith('!');
  const text = invert ? shown.slice(1) : shown;
  if (!invert && (text === '0.0.0.0/0' || text === '::/0' || text === 'anywhere')) return [];
  const value = canonicalPrefix(text) ?? NAMED_ADDRESSES.get(text) ?? flatten(text);
  return [{ name, options: [{ flag, invert, values: [value] }] }];
};

const deviceMatch = (name: string, flag: string, shown: string): Match[] => {
  if (shown === '*' || shown === 'any') return [];
  const invert = shown.startsWith('!');
  return [{ name, options: [{ flag, invert, values: [flatten(invert ? shown.slice(1) : shown)] }] }];
};

const protocolMatch = (shown: string): Match[] => {
  const invert = shown.startsWith('!');
  const text = invert ? shown.slice(1) : shown;
  if (text === 'all' || text === '0') return [];
  return [{ name: 'protocol', options: [{ flag: '-p', invert, values: [PROTOCOLS.get(text) ?? flatten(text)] }] }];
};

/** Without -n, ports and ICMP types are names. */
const numbered = (flag: string, value: string): string => {
  switch (flag) {
    case '--dport':
    case '--sport':
    case '--dports':
    case '--sports':
    case '--ports':
      return value.replace(/[a-z][-\w]*/g, (name) => String(servicePort(name) ?? name));
    case '--icmp-type':
      return icmpTypeNumber(value) ?? value;
    case '--icmpv6-type':
      return icmp6TypeNumber(value) ?? value;
    default:
      return value;
  }
};

const flattened = (options: readonly MatchOption[]): MatchOption[] =>
  options.map(({ flag, invert, values }) => ({
    flag,
    invert,
    values: values.map((v) => flatten(WRITTEN.has(flag) ? freeText(v) : numbered(flag, v))),
  }));

/** What people write. */
const WRITTEN = new Set(['--comment', '--log-prefix', '--nflog-prefix', '--ulog-prefix', '--string']);

const foldExtensions = (
  base: readonly Match[],
  targetName: string | null,
  extensions: readonly Extension[],
): { matches: Match[]; target: Target | undefined; comment: string | undefined } => {
  const matches = [...base];
  const options: MatchOption[] = [];
  const comments: string[] = [];
  const unknown: string[] = [];
  let goto = false;
  for (const extension of extensions) {
    if (extension.match) {
      const match = { name: extension.match.name, options: flattened(extension.match.options) };
      matches.push(match);
      if (match.name === 'comment') comments.push(match.options[0]?.values[0] ?? '');
    } else if (extension.goto) goto = true;
    else if (extension.to !== undefined)
      options.push({ flag: NAT_FLAGS.get(targetName ?? '') ?? '--to', invert: false, values: [flatten(extension.to)] });
    else if (extension.options) options.push(...flattened(extension.options));
    else if (extension.word !== undefined) unknown.push(flatten(extension.word));
  }
  // What these words ask of the packet is not known: a match that nobody can decide.
  if (unknown.length > 0) matches.push({ name: 'unknown', options: [{ flag: '', invert: false, values: unknown }] });
  return {
    matches,
    target: targetName === null ? undefined : { name: flatten(targetName), goto, options },
    comment: comments.length > 0 ? comments.join('; ') : undefined,
  };
};

/** `iptables -L` and `ip6tables -L`. Records are chains and rules; the tables are never exact. */
export const iptablesList: CaptureModule = {
  programs: 'iptables ip6tables iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy',
  precedence: 50,
  mask: usualMask,
  formats: [
    {
      kind: 'iptables-list',
      words: [
        { words: 'iptables|iptablesnat|iptablesmangle|iptablesfilter|iptablesraw|ip4tables', family: 4 },
        { words: 'ip6tables|iptables6|ip6tablesnat|ip6tablesmangle|ip6tablesfilter|ip6tablesraw', family: 6 },
        { words: 'ip tables', family: 4 },
      ],
      refined: ({ word, asWritten }) => (word === 'save' || asWritten === 'S' ? 'iptables-save' : undefined),
      firstLine: /^Chain \S+ \((?:policy \w+|\d+ references?)/,
      kin: 'iptables',
      scope: 'namespace',
      collect: 'iptables -L -v -n -x --line-numbers',
    },
  ],
  open: (input) =>
    grammarReader(input, new ListSink(input), parse, (sink) => ({ tables: closeTables(sink.tables, input, false) })),
  sniff: (head) => (/^Chain \S+ \((?:policy [A-Z]+|\d+ references)/m.test(head) ? 'iptables-list' : undefined),
};
