import type { RouteRule } from '../../records/route.ts';
import { ipOf, NO_PART, part, type Shell, type ShellPart, shell } from './shell.ts';

const range = ([from, to]: readonly [number, number]): string => (from === to ? String(from) : `${from}-${to}`);

const piece = <T>(value: T | undefined, write: (value: T) => ShellPart): ShellPart =>
  value === undefined ? NO_PART : write(value);

/**
 * Deleting a routing rule by all that it says: several may have one priority. Undefined where the listing names what this program does not write (`tun_id`, `realms`).
 */
export const deleteRouteRule = (rule: RouteRule): Shell | undefined => {
  if ((rule.extra?.length ?? 0) > 0 || rule.detached === true) return undefined;
  const { fwmark: mark } = rule;
  const selector = [
    rule.not ? part` not` : NO_PART,
    piece(rule.from, (from) => part` from ${from}`),
    piece(rule.to, (to) => part` to ${to}`),
    piece(mark, ({ value, mask }) => part` fwmark 0x${value.toString(16)}/0x${mask.toString(16)}`),
    piece(rule.iif, (iif) => part` iif ${iif}`),
    piece(rule.oif, (oif) => part` oif ${oif}`),
    piece(rule.uidrange, (uids) => part` uidrange ${uids[0]}-${uids[1]}`),
    piece(rule.ipproto, (proto) => part` ipproto ${proto}`),
    piece(rule.sport, (ports) => part` sport ${range(ports)}`),
    piece(rule.dport, (ports) => part` dport ${range(ports)}`),
    piece(rule.tos, (tos) => part` tos ${tos}`),
    rule.l3mdev ? part` l3mdev` : NO_PART,
  ].reduce((all, one) => part`${all}${one}`, NO_PART);
  return shell`${ipOf(rule.family)} rule del priority ${rule.priority}${selector}${actionOf(rule)}`;
};

const actionOf = ({ action, target, suppressPrefixLength, l3mdev }: RouteRule): ShellPart => {
  const suppress = piece(suppressPrefixLength, (length) => part` suppress_prefixlength ${length}`);
  if (action === 'lookup') return target === undefined || l3mdev ? suppress : part` lookup ${target}${suppress}`;
  if (action === 'goto') return target === undefined ? NO_PART : part` goto ${target}`;
  return action === 'nat' ? NO_PART : part` ${action}`;
};
