import { scanJson } from '../json-items.ts';

/** What `nft list ruleset` would have printed, and the line of the JSON text that each of its lines comes from. */
export interface RulesetLine {
  readonly text: string;
  readonly line: number;
}

type Json = Readonly<Record<string, unknown>>;

interface Block {
  readonly line: number;
  readonly head: string;
  readonly body: RulesetLine[];
}
interface TableBlock {
  readonly line: number;
  readonly head: string;
  readonly blocks: Map<string, Block>;
}

/**
 * `nft -j list ruleset` (libnftables-json(5)) in the words of `nft list ruleset`, so that one grammar reads both: a list of objects, each with its table and chain by
 * name. What has no text here becomes one word that the grammar takes as opaque.
 */
export const rulesetOfJson = (
  text: string,
  firstLine: number,
): { readonly lines: readonly RulesetLine[]; readonly broken: readonly RulesetLine[] } => {
  const from = /"nftables"\s*:/.exec(text);
  const start = from ? from.index + from[0].length : 0;
  const before = text.slice(0, start).split('\n').length - 1;
  const { items, broken } = scanJson(text.slice(start), firstLine + before);
  const tables = new Map<string, TableBlock>();
  const tableOf = (family: string, name: string, line: number): TableBlock => {
    const key = `${family} ${name}`;
    const known = tables.get(key) ?? { line, head: `table ${family} ${name} {`, blocks: new Map<string, Block>() };
    tables.set(key, known);
    return known;
  };
  for (const { value, line } of items) {
    const [kind, inner] = Object.entries(value)[0] ?? [];
    const object = objectOf(inner);
    if (kind === undefined || !object || kind === 'metainfo') continue;
    const [family, name] = [wordOf(object.family), wordOf(object.name)];
    if (kind === 'table') tableOf(family, name, line);
    const table = kind === 'table' ? undefined : tableOf(family, wordOf(object.table), line);
    if (kind === 'chain') table?.blocks.set(`chain ${name}`, chainBlock(object, line));
    else if (kind === 'set' || kind === 'map' || kind === 'meter')
      table?.blocks.set(`set ${name}`, setBlock(kind, object, line));
    else if (kind === 'rule') {
      const chain = `chain ${wordOf(object.chain)}`;
      const block = table?.blocks.get(chain) ?? { line, head: `${chain} {`, body: [] };
      table?.blocks.set(chain, block);
      block.body.push({ text: ruleText(object), line });
    }
  }
  const lines = [...tables.values()].flatMap((table) => [
    { text: table.head, line: table.line },
    ...[...table.blocks.values()].flatMap((block) => [
      { text: block.head, line: block.line },
      ...block.body,
      { text: '}', line: block.line },
    ]),
    { text: '}', line: table.line },
  ]);
  return { lines, broken };
};

const objectOf = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** A name or number; what is none of both is not there. Line ends would make two lines of one. */
const wordOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).replace(/[\r\n]+/g, ' ') : '';

const chainBlock = (chain: Json, line: number): Block => {
  const body: RulesetLine[] = [];
  if (chain.hook !== undefined) {
    const device = chain.dev === undefined ? '' : ` device "${wordOf(chain.dev)}"`;
    const policy = chain.policy === undefined ? '' : ` policy ${wordOf(chain.policy)};`;
    body.push({
      text: `type ${wordOf(chain.type)} hook ${wordOf(chain.hook)}${device} priority ${wordOf(chain.prio)};${policy}`,
      line,
    });
  }
  return { line, head: `chain ${wordOf(chain.name)} {`, body };
};

const setBlock = (kind: string, set: Json, line: number): Block => {
  const type = listOf(set.type).map(wordOf).join(' . ');
  const body = [`type ${type}${set.map === undefined ? '' : ` : ${listOf(set.map).map(wordOf).join(' . ')}`}`];
  const flags = listOf(set.flags).map(wordOf);
  if (flags.length > 0) body.push(`flags ${flags.join(',')}`);
  const elements = listOf(set.elem).map(elementText);
  if (elements.length > 0) body.push(`elements = { ${elements.join(', ')} }`);
  return { line, head: `${kind} ${wordOf(set.name)} {`, body: body.map((text) => ({ text, line })) };
};

/** An element, or a key and what a map has for it. */
const elementText = (element: unknown): string =>
  Array.isArray(element) && element.length === 2
    ? `${expression(element[0])} : ${objectOf(element[1]) && !isExpression(element[1]) ? statement(element[1]) : expression(element[1])}`
    : expression(element);

const VERDICTS: ReadonlySet<string> = new Set(['accept', 'drop', 'return', 'continue', 'jump', 'goto']);
const isExpression = (value: unknown): boolean => {
  const [kind] = Object.keys(objectOf(value) ?? {});
  return kind !== undefined && !VERDICTS.has(kind);
};

const ruleText = (rule: Json): string => {
  const parts = listOf(rule.expr).map(statement);
  if (rule.comment !== undefined) parts.push(`comment "${wordOf(rule.comment).replaceAll('"', '')}"`);
  if (rule.handle !== undefined) parts.push(`# handle ${wordOf(rule.handle)}`);
  return parts.filter((part) => part !== '').join(' ');
};

const OPERATORS: Readonly<Record<string, string>> = {
  '!=': '!= ',
  '<': '< ',
  '>': '> ',
  '<=': '<= ',
  '>=': '>= ',
  '!': '! ',
};
/** Fields whose values nft prints in quotes. */
const NAMES = /^(?:meta )?(?:iifname|oifname|ibrname|obrname|iif|oif)$/;

const statement = (value: unknown): string => {
  const [kind, inner] = Object.entries(objectOf(value) ?? {})[0] ?? [];
  const of = objectOf(inner);
  switch (kind) {
    case 'match':
      return matchText(expression(of?.left), wordOf(of?.op), of?.right);
    case 'counter':
      return of?.packets === undefined ? 'counter' : `counter packets ${wordOf(of.packets)} bytes ${wordOf(of.bytes)}`;
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
    case 'notrack':
      return kind;
    case 'jump':
    case 'goto':
      return `${kind} ${wordOf(of?.target)}`;
    case 'mangle':
      return `${expression(of?.key)} set ${expression(of?.value)}`;
    case 'vmap':
      return `${expression(of?.key)} vmap ${expression(of?.data)}`;
    case 'dnat':
    case 'snat':
    case 'masquerade':
    case 'redirect':
      return natText(kind, of);
    case 'reject': {
      if (of?.type === undefined) return 'reject';
      return of.type === 'tcp reset' ? 'reject with tcp reset' : `reject with ${wordOf(of.type)} ${wordOf(of.expr)}`;
    }
    case 'limit':
      return of?.rate === undefined
        ? `limit name "${wordOf(inner)}"`
        : `limit rate ${of.inv === true ? 'over ' : ''}${wordOf(of.rate)}/${wordOf(of.per)}`;
    case 'log':
      return of?.prefix === undefined ? 'log' : `log prefix "${wordOf(of.prefix).replaceAll('"', '')}"`;
    case 'xt':
      // iptables' comments match everything; what they say is not in the JSON.
      if (of?.name === 'comment') return '';
      return `xt ${wordOf(of?.type) || 'match'} "${wordOf(of?.name)}"`;
    default:
      return kind === undefined
        ? ''
        : `${kind.replace(/\W+/g, '-')} ${JSON.stringify(inner ?? null).replace(/[^\w.:/-]+/g, '_')}`;
  }
};

/** Bit fields, whose numbers nft prints in hexadecimal. */
const BITS = /^(?:ct (?:state|status)|tcp flags)/;

const matchText = (left: string, op: string, right: unknown): string => {
  const sign = OPERATORS[op] ?? (/ [&|^] /.test(left) ? '== ' : '');
  if (typeof right === 'number' && BITS.test(left)) return `${left} ${sign}0x${right.toString(16)}`;
  return `${left} ${sign}${expression(right, NAMES.test(left))}`;
};

const operand = (value: unknown): string =>
  Array.isArray(value) ? `(${value.map((each) => expression(each)).join('|')})` : expression(value);

const natText = (kind: string, of: Json | undefined): string => {
  const address = of?.addr === undefined ? '' : expression(of.addr);
  const port = of?.port === undefined ? '' : `:${expression(of.port)}`;
  const to =
    address === '' && port === ''
      ? ''
      : ` to ${address.includes(':') && port !== '' ? `[${address}]` : address}${port}`;
  const flags = listOf(of?.flags).map(wordOf).join(',');
  return `${kind}${to}${flags === '' ? '' : ` ${flags}`}`;
};

const BINARY: ReadonlySet<string> = new Set(['&', '|', '^', '<<', '>>']);
/** Keys of meta that nft prints without the word. */
const UNQUALIFIED: ReadonlySet<string> = new Set(['iifname', 'oifname', 'iif', 'oif']);

const expression = (value: unknown, quoted = false): string => {
  if (typeof value === 'string')
    return quoted && !value.startsWith('@') ? `"${wordOf(value).replaceAll('"', '')}"` : wordOf(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map((each) => expression(each, quoted)).join(',');
  const [kind, inner] = Object.entries(objectOf(value) ?? {})[0] ?? [];
  if (kind === undefined) return '';
  const of = objectOf(inner);
  if (BINARY.has(kind)) return listOf(inner).map(operand).join(` ${kind} `);
  switch (kind) {
    case 'payload':
      return of?.protocol === undefined
        ? `@${wordOf(of?.base)},${wordOf(of?.offset)},${wordOf(of?.len)}`
        : `${wordOf(of.protocol)} ${wordOf(of.field)}`;
    case 'meta':
      return UNQUALIFIED.has(wordOf(of?.key)) ? wordOf(of?.key) : `meta ${wordOf(of?.key)}`;
    case 'ct':
      return ['ct', wordOf(of?.dir), wordOf(of?.family), wordOf(of?.key)].filter((word) => word !== '').join(' ');
    case 'fib':
      return `fib ${listOf(of?.flags).map(wordOf).join(' . ')} ${wordOf(of?.result)}`;
    case 'prefix':
      return `${expression(of?.addr)}/${wordOf(of?.len)}`;
    case 'range':
      return listOf(inner)
        .map((each) => expression(each, quoted))
        .join('-');
    case 'concat':
      return listOf(inner)
        .map((each) => expression(each))
        .join(' . ');
    case 'set':
      return `{ ${listOf(inner)
        .map((each) => (quoted ? expression(each, true) : elementText(each)))
        .join(', ')} }`;
    case 'elem':
      return expression(of?.val, quoted);
    case 'map':
      return `${expression(of?.key)} map ${expression(of?.data)}`;
    case 'numgen':
      return `numgen ${wordOf(of?.mode)} mod ${wordOf(of?.mod)}${of?.offset === undefined || of.offset === 0 ? '' : ` offset ${wordOf(of.offset)}`}`;
    case 'rt':
      return `rt ${wordOf(of?.key)}`;
    case 'socket':
      return `socket ${wordOf(of?.key)}`;
    default:
      return `${kind.replace(/\W+/g, '-')}_${JSON.stringify(inner ?? null).replace(/[^\w.:/-]+/g, '_')}`;
  }
};
