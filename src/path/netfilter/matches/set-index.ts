import type { IpSet, SetMember } from '../../../records/ipset.ts';
import { canonicalPrefix, prefixLength } from '../../../tables/address.ts';
import { protocolNumber } from '../../packet.ts';
import { icmpKind } from './icmp.ts';
import { parseNumber } from './number.ts';

/** What one comma-separated part of a member is. */
export type Dimension = 'ip' | 'net' | 'port' | 'plain-port' | 'mac' | 'mark' | 'iface' | 'set';

/** A set made ready for lookups. */
export interface SetIndex {
  readonly dimensions: readonly Dimension[];
  /** 4 or 6; undefined for sets without addresses. */
  readonly family: 4 | 6 | undefined;
  /** Prefix lengths of the network dimensions that occur, in the order in which the kernel tries them: longest first, the first dimension outermost. */
  readonly lengths: readonly (readonly number[])[];
  /** Mask length of `netmask N`; the whole address otherwise. */
  readonly netmask: number;
  readonly markMask: number;
  readonly members: ReadonlyMap<string, SetMember>;
  /** False where the capture shows fewer members than it counted (`ipset list -t`) or has device wildcards: absence proves nothing then. */
  readonly complete: boolean;
  /** bitmap:ip's and bitmap:port's bounds as text (`a-b`). */
  readonly range: string | undefined;
}

const PARTS: Readonly<Record<string, Dimension>> = {
  ip: 'ip',
  net: 'net',
  port: 'port',
  mac: 'mac',
  mark: 'mark',
  iface: 'iface',
  set: 'set',
};

/** Dimensions of a type name (`hash:ip,port`); undefined for a type that is not known. */
const dimensionsOf = (type: string): readonly Dimension[] | undefined => {
  if (type === 'list:set') return ['set'];
  if (type === 'bitmap:port') return ['plain-port'];
  const parts = type.slice(type.indexOf(':') + 1).split(',');
  const dimensions = parts.map((part) => (Object.hasOwn(PARTS, part) ? PARTS[part] : undefined));
  return dimensions.every((dimension) => dimension !== undefined) ? dimensions : undefined;
};

/** `tcp:80`, `80` (tcp), `icmp:echo-request`, `icmp:8/0`, `vrrp:0` as PROTOCOL:NUMBER. */
const portKey = (text: string, family: 4 | 6): string => {
  const colon = text.indexOf(':');
  const proto = colon < 0 ? 6 : (protocolNumber(text.slice(0, colon).toLowerCase()) ?? text.slice(0, colon));
  const port = colon < 0 ? text : text.slice(colon + 1);
  if (proto === 1 || proto === 58) {
    const kind = icmpKind(port, family);
    return kind ? `${proto}:${kind.type * 256 + (kind.code ?? 0)}` : `${proto}:${port}`;
  }
  return `${proto}:${parseNumber(port) ?? port}`;
};

const partKey = (dimension: Dimension, text: string, family: 4 | 6): string => {
  switch (dimension) {
    case 'ip':
    case 'net':
      return canonicalPrefix(text) ?? text;
    case 'port':
      return portKey(text, family);
    case 'plain-port':
      return String(parseNumber(text.slice(text.indexOf(':') + 1)) ?? text);
    case 'mark':
      return String(parseNumber(text) ?? text);
    case 'mac':
      return text.toLowerCase();
    default:
      return text;
  }
};

const indexes = new WeakMap<IpSet, SetIndex | null>();

/** The index of a set; undefined for a type that is not modelled. */
export const setIndex = (set: IpSet): SetIndex | undefined => {
  let index = indexes.get(set);
  if (index === undefined) {
    index = build(set) ?? null;
    indexes.set(set, index);
  }
  return index ?? undefined;
};

const build = (set: IpSet): SetIndex | undefined => {
  const dimensions = dimensionsOf(set.type);
  if (!dimensions) return undefined;
  const header = set.header.get('family');
  const addressed = dimensions.some((dimension) => dimension === 'ip' || dimension === 'net');
  const family = !addressed ? undefined : header === 'inet6' ? 6 : 4;
  const netmask = parseNumber(set.header.get('netmask') ?? '') ?? (family === 6 ? 128 : 32);
  const members = new Map<string, SetMember>();
  const seen = new Map<string, readonly number[]>();
  for (const member of set.members) {
    const keys = dimensions.map((dimension, i) => partKey(dimension, member.parts[i] ?? '', family ?? 4));
    const lengths: number[] = [];
    dimensions.forEach((dimension, i) => {
      if (dimension === 'net') lengths.push(prefixLength(keys[i] ?? '') ?? 0);
      if (dimension === 'ip' && netmask < (family === 6 ? 128 : 32))
        keys[i] = canonicalPrefix(`${(keys[i] ?? '').split('/')[0]}/${netmask}`) ?? keys[i] ?? '';
    });
    seen.set(lengths.join(','), lengths);
    members.set(keys.join(' '), member);
  }
  const lengths = [...seen.values()].sort((a, b) => {
    for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return (b[i] ?? 0) - (a[i] ?? 0);
    return 0;
  });
  return {
    dimensions,
    family,
    lengths,
    netmask,
    markMask: parseNumber(set.header.get('markmask') ?? '') ?? 0xffffffff,
    members,
    complete:
      (set.declaredEntries === undefined || set.members.length >= set.declaredEntries) &&
      !set.members.some((member) => member.extra.includes('wildcard')),
    range: set.header.get('range'),
  };
};
