import type { NextHop, Route, RouteType } from '../../records/route.ts';
import type { Source } from '../../records/source.ts';
import { addressFamily, canonicalAddress, canonicalPrefix, type Family, prefixFamily } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';

/** A name and its value as printed (`mtu`, `lock 1400`); a flag's value is empty; `?` marks a word that is not known. */
export type RouteAttribute = readonly [name: string, value: string];

/** A route while its lines are being read; `default` alone does not tell its family. */
export type RouteDraft = { -readonly [K in keyof Route]: Route[K] } & {
  nextHops: NextHop[];
  extra: string[];
  sure: boolean;
};

const WITHOUT_HOPS = new Set<RouteType>(['blackhole', 'unreachable', 'prohibit', 'throw']);
const HOP_FLAGS = new Set(
  'dead onlink pervasive offload linkdown unresolved trap rt_offload rt_trap rt_offload_failed offload_failed'.split(
    ' ',
  ),
);
const OTHER_FLAGS = new Set(['notify', 'rt_notify', 'equalize']);

/** A draft of one row; undefined where its destination or an address of it is none. */
export const routeDraft = (
  source: Source,
  type: string | null,
  destination: string,
  attributes: readonly RouteAttribute[],
  known: { readonly family: Family | undefined; readonly table: string },
): RouteDraft | undefined => {
  const family = familyOf(destination, attributes);
  const sureFamily = family ?? known.family;
  const prefix = prefixOf(destination, sureFamily ?? 4);
  if (prefix === undefined) return undefined;
  const draft: RouteDraft = {
    source,
    family: sureFamily ?? 4,
    type: (type ?? 'unicast') as RouteType,
    prefix,
    table: known.table,
    proto: undefined,
    scope: undefined,
    src: undefined,
    metric: 0,
    tos: undefined,
    mtu: undefined,
    advmss: undefined,
    nextHops: [],
    nhid: undefined,
    extra: [],
    sure: sureFamily !== undefined,
  };
  for (const attribute of attributes) if (!apply(draft, attribute)) return undefined;
  const hop = WITHOUT_HOPS.has(draft.type) ? undefined : hopOf(attributes);
  if (WITHOUT_HOPS.has(draft.type)) keepHopWords(draft, attributes);
  else if (hop && (hop.via !== undefined || hop.dev !== undefined)) draft.nextHops.push(hop);
  else keepHopWords(draft, attributes);
  return draft;
};

/** A next hop's words, of a row or of a `nexthop` line. */
export const hopOf = (attributes: readonly RouteAttribute[]): NextHop => {
  const value = (name: string) => attributes.find(([key]) => key === name)?.[1];
  const via = value('via') ?? value('via-foreign');
  const dev = value('dev');
  const encap = value('encap');
  return {
    via: via === undefined ? undefined : canonicalAddress(via),
    dev: dev === undefined ? undefined : flatten(dev),
    weight: Number(value('weight') ?? 1),
    onlink: attributes.some(([key]) => key === 'onlink'),
    flags: attributes
      .filter(([key, text]) => text === '' && HOP_FLAGS.has(key) && key !== 'onlink')
      .map(([key]) => key),
    ...(encap === undefined ? {} : { encap: flatten(encap) }),
  };
};

/** A row without a next hop may name a device and flags all the same (`unreachable default dev lo`). */
const keepHopWords = (draft: RouteDraft, attributes: readonly RouteAttribute[]): void => {
  for (const [key, value] of attributes)
    if (key === 'dev' || key === 'encap' || key === 'via' || (value === '' && HOP_FLAGS.has(key)))
      draft.extra.push(flatten(value === '' ? key : `${key} ${value}`));
};

/** False where the value cannot be what the name says. */
const apply = (draft: RouteDraft, [name, value]: RouteAttribute): boolean => {
  switch (name) {
    case 'via':
    case 'via-foreign':
      return canonicalAddress(value) !== undefined;
    case 'dev':
    case 'encap':
    case 'weight':
      return true;
    case 'table':
      draft.table = flatten(value);
      return true;
    case 'proto':
      draft.proto = flatten(value);
      return true;
    case 'scope':
      draft.scope = flatten(value);
      return true;
    case 'src':
      draft.src = canonicalAddress(value);
      return draft.src !== undefined;
    case 'metric':
    case 'preference':
      draft.metric = Number(value);
      return !Number.isNaN(draft.metric);
    case 'tos':
    case 'dsfield':
      draft.tos = flatten(value);
      return true;
    case 'nhid':
      draft.nhid = Number(value);
      return !Number.isNaN(draft.nhid);
    case 'from':
      draft.from = canonicalPrefix(value) ?? flatten(value);
      return true;
    case 'mtu':
      return setMtu(draft, value);
    case 'advmss':
      if (!/^\d+$/.test(value)) break;
      draft.advmss = Number(value);
      return true;
    case '?':
      draft.extra.push(flatten(value));
      return true;
    default:
      if (HOP_FLAGS.has(name) && value === '') return true;
  }
  if (OTHER_FLAGS.has(name)) draft.extra.push(name);
  else draft.extra.push(flatten(`${name} ${value}`));
  return true;
};

const setMtu = (draft: RouteDraft, value: string): boolean => {
  const match = /^(lock )?(\d+)$/.exec(value);
  if (!match) return false;
  draft.mtu = Number(match[2]);
  if (match[1]) draft.mtuLocked = true;
  return true;
};

/** The destination's own family, else the one that its addresses or the words of one family tell. */
const familyOf = (destination: string, attributes: readonly RouteAttribute[]): Family | undefined => {
  if (destination !== 'default' && !destination.startsWith('0/')) return prefixFamily(destination);
  for (const [name, value] of attributes) {
    if (name === 'via-foreign') return addressFamily(value) === 6 ? 4 : 6;
    if (name === 'via' || name === 'src') return addressFamily(value);
    // A router preference (RFC 4191) is IPv6's alone; an IPv6 route has no scope.
    if (name === 'pref') return 6;
    if (name === 'scope') return 4;
  }
  return undefined;
};

/** `default` of a family; `0/8` stands for 0.0.0.0/8 or ::/8. */
export const prefixOf = (destination: string, family: Family): string | undefined => {
  const zero = family === 4 ? '0.0.0.0' : '::';
  if (destination === 'default') return `${zero}/0`;
  return canonicalPrefix(/^0\/\d+$/.test(destination) ? `${zero}${destination.slice(1)}` : destination);
};
