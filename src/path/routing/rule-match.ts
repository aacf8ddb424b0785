import type { NetNamespace } from '../../network/namespace.ts';
import type { RouteRule } from '../../records/route.ts';
import { prefixContains, prefixLength } from '../../tables/address.ts';
import { protocolNumber } from '../packet.ts';
import type { RouteQuestion } from './outcome.ts';
import { tosValue } from './table-index.ts';

/** The VRF that a device is or belongs to (l3mdev_master_ifindex). */
export const vrfOf = (ns: NetNamespace, device: string | undefined): string | undefined => {
  const link = device === undefined ? undefined : ns.links.get(device);
  if (!link) return undefined;
  if (link.kind === 'vrf') return link.name;
  const master = link.master === undefined ? undefined : ns.links.get(link.master);
  return master?.kind === 'vrf' ? master.name : undefined;
};

/** Whether a rule applies (fib_rule_match, fib4_rule_match, fib6_rule_match); undefined where the question does not tell. */
export const ruleMatches = (ns: NetNamespace, rule: RouteRule, q: RouteQuestion): boolean | undefined => {
  const verdict = all(conditions(ns, rule, q));
  return verdict === undefined ? undefined : verdict !== rule.not;
};

/** False as soon as one is false, else unknown as soon as one is unknown. */
const all = (parts: Iterable<boolean | undefined>): boolean | undefined => {
  let verdict: boolean | undefined = true;
  for (const part of parts) {
    if (part === false) return false;
    if (part === undefined) verdict = undefined;
  }
  return verdict;
};

function* conditions(ns: NetNamespace, rule: RouteRule, q: RouteQuestion): Generator<boolean | undefined> {
  // What this host sends itself has come in by lo (LOOPBACK_IFINDEX in ip_route_output_key).
  yield isDevice(ns, rule.iif, q.iif ?? 'lo');
  yield isDevice(ns, rule.oif, q.oif);
  if (rule.fwmark) yield ((rule.fwmark.value ^ q.mark) & rule.fwmark.mask) === 0;
  if (rule.uidrange) yield uidIn(rule.uidrange, q);
  if (rule.l3mdev) yield vrfOf(ns, q.oif) !== undefined || vrfOf(ns, q.iif) !== undefined;
  yield inPrefix(rule.from, q.src);
  yield inPrefix(rule.to, q.dst);
  if (rule.tos !== undefined) yield isTos(rule.tos, q.tos ?? 0);
  if (rule.ipproto !== undefined) yield q.proto !== undefined && sameProtocol(rule.ipproto, q.proto);
  if (rule.sport) yield portIn(rule.sport, q.sport, q.proto);
  if (rule.dport) yield portIn(rule.dport, q.dport, q.proto);
}

const isDevice = (ns: NetNamespace, wanted: string | undefined, device: string | undefined): boolean =>
  wanted === undefined || (device !== undefined && (wanted === device || wanted === vrfOf(ns, device)));

/** An address that is not chosen yet is 0.0.0.0 in the lookup: only `all` matches it. */
const inPrefix = (prefix: string | undefined, address: string | undefined): boolean => {
  if (prefix === undefined || prefix === 'all' || prefixLength(prefix) === 0) return true;
  return address !== undefined && prefixContains(prefix, address);
};

/** Only a local sender's packets have a user; received ones count as root's (sock_net_uid without a socket). */
const uidIn = ([from, to]: readonly [number, number], q: RouteQuestion): boolean | undefined => {
  const uid = q.iif === undefined || q.iif === 'lo' ? q.uid : 0;
  if (uid !== undefined) return from <= uid && uid <= to;
  return from === 0 && to >= 0xffff_fffe ? true : undefined;
};

const isTos = (wanted: string, tos: number): boolean | undefined => {
  const value = tosValue(wanted);
  return value === undefined ? undefined : value === 0 || value === tos;
};

const sameProtocol = (a: string, b: string): boolean =>
  a === b || (protocolNumber(a) !== undefined && protocolNumber(a) === protocolNumber(b));

const PORTED = new Set(['tcp', 'udp', 'sctp', 'udplite', 'dccp']);

const portIn = (
  [from, to]: readonly [number, number],
  port: number | undefined,
  proto: string | undefined,
): boolean | undefined => {
  if (port !== undefined) return from <= port && port <= to;
  return proto !== undefined && PORTED.has(proto) ? undefined : false;
};
