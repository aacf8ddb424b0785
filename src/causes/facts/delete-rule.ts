import type { NetNamespace } from '../../network/namespace.ts';
import type { MatchOption, Rule, RuleTable } from '../../records/iptables.ts';
import type { PlacedRule } from './rules.ts';
import { NO_PART, part, type Shell, type ShellPart, shell } from './shell.ts';

/** Matches that iptables names by a flag of the rule's own instead of by `-m` (iptables/xshared.c). */
const OF_THE_RULE: ReadonlySet<string> = new Set([
  'protocol',
  'source',
  'destination',
  'in-interface',
  'out-interface',
  'fragment',
]);
/** Those flags, as `iptables-save` writes them. */
const RULE_FLAG = /^-[psdiof]$/;

/** What iptables itself takes for a command or a setting of its own, wherever it stands. */
const OWN_OPTIONS = [
  ...['append', 'check', 'delete', 'delete-chain', 'exact', 'flush', 'goto', 'help', 'insert', 'ipv4', 'ipv6'],
  ...[
    'jump',
    'line-numbers',
    'list',
    'list-rules',
    'match',
    'modprobe',
    'new-chain',
    'numeric',
    'policy',
    'rename-chain',
  ],
  ...['replace', 'set-counters', 'table', 'verbose', 'version', 'wait', 'wait-interval', 'zero'],
];
/** Options of extensions whose name is the beginning of one of those; getopt_long takes a whole name first. */
const OF_EXTENSIONS: ReadonlySet<string> = new Set(['set']);

/** An option of an extension and of nothing else: `--modprobe` in a rule's line would run a program, and getopt_long takes `--mod` for it. */
const isOfExtension = (flag: string): boolean => {
  if (flag === '') return true;
  const name = /^--([a-z0-9][a-z0-9-]*)$/.exec(flag)?.[1];
  return name !== undefined && (OF_EXTENSIONS.has(name) || !OWN_OPTIONS.some((own) => own.startsWith(name)));
};

const wordsOf = ({ flag, invert, values }: MatchOption): readonly string[] => [
  ...(invert ? ['!'] : []),
  ...(flag === '' ? [] : [flag]),
  ...values,
];

/** The words of a rule behind its chain, as `iptables-save` prints them; undefined where they are not those of a rule. */
export const ruleWords = ({ matches, target }: Pick<Rule, 'matches' | 'target'>): readonly string[] | undefined => {
  const words: string[] = [];
  // A match that stands in the rule without `-m` belongs to the extension that the protocol loads.
  for (const { name, options } of matches) {
    const isOwn = OF_THE_RULE.has(name);
    if (!options.every(({ flag }) => (isOwn ? RULE_FLAG.test(flag) : isOfExtension(flag)))) return undefined;
    if (!isOwn) words.push('-m', name === 'icmpv6' ? 'icmp6' : name);
    for (const option of options) words.push(...wordsOf(option));
  }
  if (target) {
    if (!target.options.every(({ flag }) => isOfExtension(flag))) return undefined;
    words.push(target.goto ? '-g' : '-j', target.name, ...target.options.flatMap(wordsOf));
  }
  // A name is the value of the flag before it, with a dash at its start too; iptables refuses such chains itself.
  return words.some((word, i) => word.startsWith('-') && /^-[jgm]$/.test(words[i - 1] ?? '')) ? undefined : words;
};

/** `iptables` or `ip6tables` of the backend that holds the table, where the bundle tells both apart. */
export const iptablesOf = (ns: NetNamespace, { family, backend }: Pick<RuleTable, 'family' | 'backend'>): ShellPart => {
  const name = family === 4 ? 'iptables' : 'ip6tables';
  const isTold = new Set(ns.tables.map((t) => t.backend)).size > 1 && backend !== 'unknown';
  return isTold ? part`${name}-${backend}` : part`${name}`;
};

/** `-t TABLE`, where it is not the one that iptables takes by itself. */
export const tablePart = (name: string): ShellPart => (name === 'filter' ? NO_PART : part` -t ${name}`);

/**
 * Taking a rule out by all that it says: its position is another one as soon as anybody has added or deleted a rule. Undefined where the listing leaves out a part of its
 * rules (`iptables -L`).
 */
export const deleteRule = (ns: NetNamespace, { table, rule }: PlacedRule): Shell | undefined => {
  const words = table.exact ? ruleWords(rule) : undefined;
  return (
    words &&
    shell`${iptablesOf(ns, table)}${tablePart(table.name)} -D ${rule.chain}${words.length > 0 ? part` ${words}` : NO_PART}`
  );
};
