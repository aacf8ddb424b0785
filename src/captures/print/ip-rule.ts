import type { RouteRule } from '../../records/route.ts';

const host = (prefix: string): string => prefix.replace(prefix.includes(':') ? /\/128$/ : /\/32$/, '');
const hex = (value: number): string => `0x${value.toString(16)}`;
const span = ([first, last]: readonly [number, number]): string => (first === last ? `${first}` : `${first}-${last}`);
const ALL_BITS = 0xffffffff;

const actionWords = (rule: RouteRule): string[] => {
  if (rule.action === 'lookup') return [];
  if (rule.action === 'goto') return [`goto ${rule.target ?? 'none'}`, ...(rule.unresolved ? ['[unresolved]'] : [])];
  if (rule.action === 'nat') return [rule.target === undefined ? 'masquerade' : `map-to ${rule.target}`];
  return [rule.action];
};

/**
 * A rule as `ip rule` prints it (ip/iprule.c, print_rule), with one blank between words but for the tab behind the priority.
 * `[detached]` stands behind the first device; selectors that a packet does not carry stand before the table.
 */
export const printRule = (rule: RouteRule): string => {
  const detached = rule.detached ? ['[detached]'] : [];
  const device = [
    ...(rule.iif === undefined ? [] : [`iif ${rule.iif}`, ...detached]),
    ...(rule.oif === undefined ? [] : [`oif ${rule.oif}`, ...(rule.iif === undefined ? detached : [])]),
  ];
  const mask = rule.fwmark && rule.fwmark.mask !== ALL_BITS ? `/${hex(rule.fwmark.mask)}` : '';
  const words = [
    ...(rule.not ? ['not'] : []),
    `from ${rule.from === undefined ? 'all' : host(rule.from)}`,
    ...(rule.to === undefined ? [] : [`to ${host(rule.to)}`]),
    ...(rule.tos === undefined ? [] : [`tos ${rule.tos}`]),
    ...(rule.fwmark === undefined ? [] : [`fwmark ${hex(rule.fwmark.value)}${mask}`]),
    ...device,
    ...(rule.l3mdev ? ['lookup [l3mdev-table]'] : []),
    ...(rule.uidrange === undefined ? [] : [`uidrange ${rule.uidrange[0]}-${rule.uidrange[1]}`]),
    ...(rule.ipproto === undefined ? [] : [`ipproto ${rule.ipproto}`]),
    ...(rule.sport === undefined ? [] : [`sport ${span(rule.sport)}`]),
    ...(rule.dport === undefined ? [] : [`dport ${span(rule.dport)}`]),
    ...(rule.extra ?? []),
    ...(rule.action === 'lookup' && rule.target !== undefined ? [`lookup ${rule.target}`] : []),
    ...(rule.suppressPrefixLength === undefined ? [] : [`suppress_prefixlength ${rule.suppressPrefixLength}`]),
    ...(rule.suppressIfGroup === undefined ? [] : [`suppress_ifgroup ${rule.suppressIfGroup}`]),
    ...actionWords(rule),
    ...(rule.proto === undefined ? [] : [`proto ${rule.proto}`]),
  ];
  return `${rule.priority}:\t${words.join(' ')}`;
};

/** Rules as `ip rule` prints them, a line each. */
export const printRules = (rules: readonly RouteRule[]): string => rules.map((rule) => `${printRule(rule)}\n`).join('');
