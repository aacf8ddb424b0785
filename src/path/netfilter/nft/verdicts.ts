import type { NftStatement } from '../../../records/iptables.ts';
import { parseNumber } from '../matches/number.ts';
import { type Effect, NOTHING } from '../targets/effect.ts';
import { parseDestination } from '../targets/nat.ts';

/** A verdict as a map's element writes it: `accept`, `goto CHAIN`. Undefined for none. */
export const parseVerdict = (text: string): Effect | undefined => {
  const [word, chain] = text.trim().split(/\s+/);
  switch (word) {
    case 'accept':
    case 'drop':
    case 'queue':
      return { kind: 'end', ending: { verdict: word } };
    case 'return':
      return { kind: 'return' };
    case 'continue':
      return NOTHING;
    case 'jump':
    case 'goto':
      return chain === undefined ? undefined : { kind: word, chain };
    default:
      return undefined;
  }
};

/** Reasons of `icmpx`, which stand for one of each family. */
const ICMPX: Readonly<Record<string, readonly [string, string]>> = {
  'no-route': ['icmp-net-unreachable', 'icmp6-no-route'],
  'port-unreachable': ['icmp-port-unreachable', 'icmp6-port-unreachable'],
  'host-unreachable': ['icmp-host-unreachable', 'icmp6-addr-unreachable'],
  'admin-prohibited': ['icmp-admin-prohibited', 'icmp6-adm-prohibited'],
};
const NAMES: Readonly<Record<string, string>> = {
  'icmp-prot-unreachable': 'icmp-proto-unreachable',
  'icmp6-admin-prohibited': 'icmp6-adm-prohibited',
};

/** `tcp reset`, `icmp port-unreachable`, `icmpx type admin-prohibited` under iptables' names. */
export const rejectName = (text: string | undefined, family: 4 | 6): string => {
  const words = (text ?? 'icmpx port-unreachable')
    .replace(/^with /, '')
    .replace(' type ', ' ')
    .trim();
  if (words.startsWith('tcp')) return 'tcp-reset';
  const [protocol = '', reason = ''] = words.split(/\s+/);
  if (protocol === 'icmpx') return ICMPX[reason]?.[family === 4 ? 0 : 1] ?? reason;
  const name = `${protocol === 'icmpv6' ? 'icmp6' : protocol}-${reason}`;
  return NAMES[name] ?? name;
};

type NatStatement = Extract<NftStatement, { kind: 'dnat' | 'snat' | 'masquerade' | 'redirect' }>;

const isRandom = (flags: readonly string[]): boolean => flags.includes('random') || flags.includes('fully-random');

/** `10.0.0.1 . 80` as a map's value writes what the statement writes as `10.0.0.1:80`. */
const written = (to: string): string => {
  const [address = '', port] = to.trim().split(/\s+\.\s+/);
  if (port === undefined) return address;
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
};

const unreadable: Effect = { kind: 'unknown', code: 'nat-target-unreadable' };

/** A nat statement with its target as text. */
export const natEffect = (statement: NatStatement, to: string | undefined): Effect => {
  const { kind, flags } = statement;
  const random = isRandom(flags);
  if (kind === 'masquerade' || kind === 'redirect') {
    const text = to?.trim().replace(/^:/, '');
    const [from, end] = (text ?? '').split('-').map((part) => parseNumber(part));
    const ports = from === undefined ? undefined : ([from, end ?? from] as const);
    if (text && !ports) return unreadable;
    return {
      kind: 'end',
      ending: { verdict: 'nat', nat: { kind, ports, random } },
    };
  }
  const parsed = parseDestination(written((to ?? '').replace(/^(?:ip6?\s+)?to\s+/, '')));
  if (!parsed) return unreadable;
  return {
    kind: 'end',
    ending: { verdict: 'nat', nat: { kind, ...parsed, random, persistent: flags.includes('persistent') } },
  };
};
