import { parse } from '#grammars/ip-rule';
import { EVERY_PACKET, type RouteRule } from '../../records/route.ts';
import { canonicalPrefix, type Family, prefixFamily } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';
import { AddressSink } from '../address-sink.ts';
import { type JsonItem, number, text, textOrJson } from '../json-items.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, grammarReader } from '../module.ts';

type Draft = { -readonly [K in keyof RouteRule]: RouteRule[K] } & { extra: string[]; sure: boolean };
type Selector = readonly [name: string, value: string];

const range = (value: string): readonly [number, number] | undefined => {
  const match = /^(\d+)(?:-(\d+))?$/.exec(value);
  return match ? [Number(match[1]), Number(match[2] ?? match[1])] : undefined;
};

/** `0x4000`, `0x80/0xff`, `5`; without a mask all bits count. */
const mark = (value: string): RouteRule['fwmark'] => {
  const match = /^(0x[0-9a-f]+|\d+)(?:\/(0x[0-9a-f]+|\d+))?$/i.exec(value);
  return match ? { value: Number(match[1]), mask: Number(match[2] ?? 0xffffffff) } : undefined;
};

/** `all` is undefined; `0/8` is 0.0.0.0/8; false where the text is no prefix. */
const prefix = (value: string): string | undefined | false => {
  if (value === 'all') return undefined;
  return canonicalPrefix(/^0\/\d+$/.test(value) ? `0.0.0.0${value.slice(1)}` : value) ?? false;
};

class RuleSink extends AddressSink {
  readonly #rules: Draft[] = [];
  readonly #family: Family | undefined;
  #finished = false;

  constructor(input: CaptureInput) {
    super(input);
    this.#family = input.family ?? (/(?:^|[\s_])-6\b|-f(?:amily)?[ _]inet6/.test(input.command ?? '') ? 6 : undefined);
  }

  override raw(text: string): void {
    if (!this.#finished) super.raw(text);
  }

  rule(priority: number, not: boolean, from: string, selectors: readonly Selector[]): void {
    if (this.#finished) return;
    const draft = this.#draft(priority, not, from);
    if (draft && selectors.every((selector) => apply(draft, selector))) this.add(draft);
    else this.raw(`${priority}: from ${from} ${selectors.flat().join(' ')}`);
  }

  add(draft: Draft): void {
    this.records += 1;
    this.#rules.push(draft);
  }

  #draft(priority: number, not: boolean, from: string): Draft | undefined {
    const source = prefix(from);
    if (source === false) return undefined;
    const family = source === undefined ? undefined : prefixFamily(source);
    return {
      source: this.source(),
      family: family ?? this.#family ?? 4,
      priority,
      ...EVERY_PACKET,
      not,
      from: source,
      target: undefined,
      extra: [],
      sure: family !== undefined || this.#family !== undefined,
    };
  }

  /** The tool prints one family's rules: an address in one of them tells the family of all. */
  finish(): readonly RouteRule[] {
    this.#finished = true;
    const family = this.#rules.find((draft) => draft.sure)?.family ?? 4;
    return this.#rules.map(({ sure, extra, ...draft }) => ({
      ...draft,
      family: sure ? draft.family : family,
      ...(extra.length === 0 ? {} : { extra }),
    }));
  }
}

/** False where the value cannot be what the name says. */
const apply = (draft: Draft, [name, value]: Selector): boolean => {
  switch (name) {
    case 'to': {
      const to = prefix(value);
      if (to === false) return false;
      draft.to = to;
      if (to !== undefined) {
        draft.family = prefixFamily(to) ?? draft.family;
        draft.sure = true;
      }
      return true;
    }
    case 'fwmark':
      draft.fwmark = mark(value);
      return draft.fwmark !== undefined;
    case 'iif':
    case 'dev':
      draft.iif = flatten(value);
      return true;
    case 'oif':
      draft.oif = flatten(value);
      return true;
    case 'uidrange':
      draft.uidrange = range(value);
      return draft.uidrange !== undefined;
    case 'ipproto':
      draft.ipproto = flatten(value);
      return true;
    case 'sport':
    case 'dport': {
      const ports = range(value);
      // Linux 6.14 knows ports under a mask.
      if (ports) draft[name] = ports;
      else draft.extra.push(flatten(`${name} ${value}`));
      return true;
    }
    case 'tos':
    case 'dsfield':
      draft.tos = flatten(value);
      return true;
    case 'l3mdev':
      draft.l3mdev = true;
      return true;
    case 'lookup':
    case 'table':
      draft.target = flatten(value);
      return true;
    case 'suppress_prefixlength':
      draft.suppressPrefixLength = Number(value);
      return !Number.isNaN(draft.suppressPrefixLength);
    case 'suppress_ifgroup':
      draft.suppressIfGroup = flatten(value);
      return true;
    case 'goto':
    case 'map-to':
      draft.action = name === 'goto' ? 'goto' : 'nat';
      draft.target = flatten(value);
      return true;
    case 'masquerade':
      draft.action = 'nat';
      return true;
    case 'blackhole':
    case 'unreachable':
    case 'prohibit':
    case 'nop':
      draft.action = name;
      return true;
    case '[detached]':
      draft.detached = true;
      return true;
    case '[unresolved]':
      draft.unresolved = true;
      return true;
    case 'proto':
    case 'protocol':
      draft.proto = flatten(value);
      return true;
    default:
      draft.extra.push(flatten(name === '?' ? value : `${name} ${value}`));
      return true;
  }
};

/** JSON keys of one word that are the text form's names; the others are put together below. */
const SAME = ['tos', 'dscp', 'iif', 'oif', 'ipproto', 'tun_id', 'suppress_ifgroup', 'goto'];

const fromJson = (sink: RuleSink, { value }: JsonItem): void => {
  const priority = number(value.priority);
  if (priority === undefined) return;
  const selectors: [string, string][] = [];
  const add = (name: string, word: string | undefined) => {
    if (word !== undefined) selectors.push([name, word]);
  };
  const withLength = (key: 'src' | 'dst') => {
    const address = text(value[key]);
    const length = text(value[`${key}len`]);
    return address === undefined || length === undefined || address === 'all' ? address : `${address}/${length}`;
  };
  const ports = (name: string) => {
    const [start, end] = [text(value[`${name}_start`]), text(value[`${name}_end`])];
    return start === undefined || end === undefined ? text(value[name]) : `${start}-${end}`;
  };
  add('to', withLength('dst'));
  const fwmark = text(value.fwmark);
  const fwmask = text(value.fwmask);
  add('fwmark', fwmark === undefined || fwmask === undefined ? fwmark : `${fwmark}/${fwmask}`);
  for (const key of SAME) add(key, text(value[key]));
  if ('iif_detached' in value || 'oif_detached' in value) selectors.push(['[detached]', '']);
  if ('unresolved' in value) selectors.push(['[unresolved]', '']);
  if ('l3mdev' in value) selectors.push(['l3mdev', '']);
  if ('nop' in value) selectors.push(['nop', '']);
  const [first, last] = [text(value.uid_start), text(value.uid_end)];
  if (first !== undefined && last !== undefined) add('uidrange', `${first}-${last}`);
  add('sport', ports('sport'));
  add('dport', ports('dport'));
  add('table', text(value.table));
  add('suppress_prefixlength', text(value.suppress_prefixlen));
  add('proto', text(value.protocol));
  const action = text(value.action);
  if (action !== undefined) selectors.push([action, '']);
  sink.rule(priority, 'not' in value, withLength('src') ?? 'all', selectors);
};

/** `ip rule` (iproute2 ip/iprule.c; busybox). */
export const ipRule: CaptureModule = {
  programs: 'ip',
  precedence: 140,
  mask: usualMask,
  formats: [
    {
      kind: 'ip-rule',
      words: [
        { words: 'iprule|iprules|ip4rule' },
        { words: 'ipv6rule|ip6rule|ip6rules|iprule6', family: 6 },
        { words: 'rule|rules', common: true },
      ],
      object: { of: 'ip', names: 'rule|rules|ru' },
      firstLine: /^0:\s+from all lookup local/,
      kin: 'routing',
      scope: 'namespace',
      collect: 'ip rule; ip -6 rule',
    },
  ],
  open(input) {
    const sink = new RuleSink(input);
    const reader = grammarReader(input, sink, parse, () => ({ rules: sink.finish() }));
    return textOrJson(reader, sink, fromJson);
  },
  sniff: (head) =>
    /^\d+:[ \t]+(?:not )?from \S+/m.test(head) || /^\[\s*\{\s*"priority":\s*\d+/.test(head) ? 'ip-rule' : undefined,
};
