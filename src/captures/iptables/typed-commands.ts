/** A command that changes rules, as somebody typed it or wrote it into a script. */
export interface TypedCommand {
  readonly text: string;
  /** Its line in the file. */
  readonly number: number;
}

/** What typed commands make of empty tables, in the form of iptables-save. */
export interface TypedTables {
  readonly family: 4 | 6;
  readonly lines: readonly TypedCommand[];
}

interface Chain {
  policy: string;
  readonly number: number;
  rules: TypedCommand[];
}

type Table = Map<string, Chain>;

const PROGRAM =
  /^(?:sudo(?: -\w+)* +|exec +)?(?:\/\S{1,40}\/)?(?<program>ip6?tables(?:-nft|-legacy)?|\$\{?\w{0,12}(?:IPT|ipt)\w{0,12}\}?)\s+(?<words>.+)$/;
const CHANGES =
  /(?:^|\s)(?:-[AIDRNXFPE]|--(?:append|insert|delete|replace|new-chain|delete-chain|flush|policy|rename-chain))(?:\s|$)/;
const LONG: Readonly<Record<string, string>> = {
  ...{
    '--table': '-t',
    '--append': '-A',
    '--insert': '-I',
    '--delete': '-D',
    '--replace': '-R',
    '--new-chain': '-N',
    '--new': '-N',
    '--flush': '-F',
  },
  ...{
    '--delete-chain': '-X',
    '--policy': '-P',
    '--rename-chain': '-E',
    '--source': '-s',
    '--src': '-s',
    '--destination': '-d',
    '--dst': '-d',
  },
  ...{
    '--protocol': '-p',
    '--proto': '-p',
    '--in-interface': '-i',
    '--out-interface': '-o',
    '--jump': '-j',
    '--goto': '-g',
    '--match': '-m',
    '--fragment': '-f',
  },
  ...{ '--destination-port': '--dport', '--source-port': '--sport', '--to-port': '--to-ports' },
};
const WITH_PORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite']);
const OWN_MATCH: Readonly<Record<string, string>> = {
  '--icmp-type': 'icmp',
  '--icmpv6-type': 'icmp6',
  '--dport': '',
  '--sport': '',
  '--tcp-flags': 'tcp',
  '--syn': 'tcp',
};

/** Whether a line is such a command. */
export const changesRules = (text: string): boolean => {
  const words = PROGRAM.exec(text.slice(0, 2000))?.groups?.words;
  return words !== undefined && CHANGES.test(words);
};

/** Runs commands in their order over empty tables: -A at the end, -I at its place, -D, -R, -F, -X, -P as iptables(8) has them. */
export const tablesOf = (commands: readonly TypedCommand[]): readonly TypedTables[] => {
  const families = new Map<4 | 6, Map<string, Table>>();
  for (const { text, number } of commands) {
    const { program = '', words = '' } = PROGRAM.exec(text.slice(0, 2000))?.groups ?? {};
    const family = /6/.test(program) ? 6 : 4;
    const tables = families.get(family) ?? new Map<string, Table>();
    families.set(family, tables);
    run(shellWords(words), number, tables);
  }
  return [...families].flatMap(([family, tables]) => (tables.size === 0 ? [] : [{ family, lines: printed(tables) }]));
};

/** The words of a command; quotes keep blanks together. What stands behind a comment, a pipe or a second command is no part of it. */
const shellWords = (text: string): readonly string[] => {
  const words: string[] = [];
  const pattern = /"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>[^\s"']+)/g;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const { double, single, bare } = match.groups ?? {};
    if (bare !== undefined && /^(?:#|\||;|&&|\|\||>|2>)/.test(bare)) break;
    const end = bare?.endsWith(';') && bare.length > 1;
    words.push(double ?? single ?? (end ? (bare ?? '').slice(0, -1) : (bare ?? '')));
    if (end) break;
  }
  return words.map((word) => LONG[word] ?? word);
};

const run = (words: readonly string[], number: number, tables: Map<string, Table>): void => {
  const rest = [...words];
  let name = 'filter';
  const at = rest.indexOf('-t');
  if (at >= 0) name = rest.splice(at, 2)[1] ?? name;
  for (const option of ['-w', '--wait', '-v', '-n']) if (rest.includes(option)) rest.splice(rest.indexOf(option), 1);
  const verbAt = rest.findIndex((word) => /^-[AIDRNXFPE]$/.test(word));
  // A variable of a script that nobody here knows the value of.
  if (verbAt < 0 || words.some((word) => /[$`]/.test(word)) || !/^(?:filter|nat|mangle|raw|security)$/.test(name))
    return;
  const [verb = ''] = rest.splice(verbAt, 1);
  const table: Table = tables.get(name) ?? new Map<string, Chain>();
  tables.set(name, table);
  const isFlag = (word: string | undefined): boolean => word === undefined || word.startsWith('-');
  const chainName = isFlag(rest[verbAt]) ? undefined : rest.splice(verbAt, 1)[0];
  if (chainName === undefined) {
    if (verb === '-F') for (const chain of table.values()) chain.rules = [];
    if (verb === '-X') for (const [own] of [...table]) if (!BUILT_IN.has(own)) table.delete(own);
    return;
  }
  if (verb === '-X') {
    table.delete(chainName);
    return;
  }
  const chain: Chain = table.get(chainName) ?? { policy: '-', number, rules: [] };
  table.set(chainName, chain);
  change(chain, verb, chainName, rest, verbAt, number);
};

const BUILT_IN: ReadonlySet<string> = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);

const change = (chain: Chain, verb: string, name: string, rest: string[], place: number, number: number): void => {
  if (verb === '-P') chain.policy = rest[place] ?? '-';
  if (verb === '-F') chain.rules = [];
  if (verb === '-N' || verb === '-P' || verb === '-F' || verb === '-E') return;
  const index = verb !== '-A' && /^\d+$/.test(rest[place] ?? '') ? Number(rest.splice(place, 1)[0]) : undefined;
  const rule = { text: `-A ${name} ${asSaved(rest).join(' ')}`, number };
  if (verb === '-A') chain.rules.push(rule);
  else if (verb === '-I') chain.rules.splice((index ?? 1) - 1, 0, rule);
  else if (verb === '-R') chain.rules.splice((index ?? 1) - 1, 1, rule);
  else if (verb === '-D') {
    const at = index === undefined ? chain.rules.findIndex(({ text }) => text === rule.text) : index - 1;
    if (at >= 0) chain.rules.splice(at, 1);
  }
};

/** Options as iptables-save would print them: a protocol's own match before its ports, targets with what they do when nothing is said. */
const asSaved = (words: readonly string[]): readonly string[] => {
  const saved: string[] = [];
  let protocol = '';
  let multiport = false;
  let target = '';
  const loaded = new Set<string>();
  for (let at = 0; at < words.length; at += 1) {
    let word = words[at] as string;
    const next = words[at + 1];
    // `-s ! ADDRESS` of old is `! -s ADDRESS`.
    if (/^-[sdiop]$/.test(word) && next === '!') {
      saved.push('!', word, words[at + 2] ?? '');
      at += 2;
      continue;
    }
    if (word === '-p') protocol = next ?? '';
    if (word === '-m') {
      loaded.add(next ?? '');
      if (next === 'multiport') multiport = true;
    }
    if (word === '-j' || word === '-g') target = next ?? '';
    const own = OWN_MATCH[word];
    const match = own === '' ? (WITH_PORTS.has(protocol) ? protocol : '') : (own ?? '');
    if (match !== '' && !multiport && !loaded.has(match)) {
      loaded.add(match);
      const negated = saved.at(-1) === '!' ? saved.splice(-1, 1) : [];
      saved.push('-m', match, ...negated);
    }
    if (multiport && (word === '--dport' || word === '--sport' || word === '--port')) word += 's';
    if (word === '--to' && target === 'DNAT') word = '--to-destination';
    if (word === '--to' && target === 'SNAT') word = '--to-source';
    if (word === '--syn') {
      saved.push('--tcp-flags', 'FIN,SYN,RST,ACK', 'SYN');
      continue;
    }
    if (word === '--set-mark' && target === 'MARK' && next !== undefined && !next.includes('/')) {
      saved.push('--set-xmark', `${next}/0xffffffff`);
      at += 1;
      continue;
    }
    saved.push(/^[^\s"]+$/.test(word) ? word : `"${word.replaceAll('"', '')}"`);
  }
  if (target === 'REJECT' && !saved.includes('--reject-with')) saved.push('--reject-with', 'icmp-port-unreachable');
  return saved;
};

const printed = (tables: Map<string, Table>): readonly TypedCommand[] =>
  [...tables].flatMap(([name, table]) => {
    const chains = [...table];
    const first = Math.min(...chains.map(([, chain]) => chain.number), Number.MAX_SAFE_INTEGER);
    if (chains.length === 0) return [];
    const last = Math.max(...chains.flatMap(([, chain]) => [chain.number, ...chain.rules.map((rule) => rule.number)]));
    return [
      { text: `*${name}`, number: first },
      ...chains.map(([chain, { policy, number }]) => ({ text: `:${chain} ${policy} [0:0]`, number })),
      ...chains.flatMap(([, { rules }]) => rules),
      { text: 'COMMIT', number: last },
    ];
  });
