import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { Backend, Match, MatchOption, TableName } from '../../records/iptables.ts';
import { iptablesOf, tablePart } from './delete-rule.ts';
import { commandIn, type FixCommand } from './fix-command.ts';
import { NO_PART, part, shell } from './shell.ts';

/** A plain rule: addresses, protocol and destination port, and a target. */
export interface PlainRule {
  readonly family: 4 | 6;
  readonly table: TableName;
  readonly chain: string;
  /** Undefined appends. */
  readonly position: number | undefined;
  readonly src?: string;
  readonly dst?: string;
  readonly proto?: string;
  readonly dport?: number;
  readonly target: string;
  readonly options?: readonly MatchOption[];
  /** Whose table it goes to, where the bundle tells the backends apart. */
  readonly backend?: Backend;
}

const match = (name: string, flag: string, value: string): Match => ({
  name,
  options: [{ flag, invert: false, values: [value] }],
});

const host = (family: 4 | 6, address: string): string =>
  address.includes('/') ? address : `${address}/${family === 4 ? 32 : 128}`;

/** What iptables calls the protocols that the walk names otherwise; `gre` and IP in IP by number, as no `/etc/protocols` need be there. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['icmp6', 'ipv6-icmp'],
  ['ipip', '4'],
  ['ip6ip6', '41'],
  ['gre', '47'],
]);

/** The rule as a change of the model and as it would be typed. */
export const ruleChange = (
  ns: NetNamespace,
  rule: PlainRule,
): { readonly change: Change; readonly command: FixCommand } => {
  const { family, table, chain, position, src, dst, dport, target, options = [], backend = 'unknown' } = rule;
  const tool = iptablesOf(ns, { family, backend });
  const of = backend === 'unknown' ? {} : { backend };
  const proto = rule.proto === undefined ? undefined : (PROTOCOLS.get(rule.proto) ?? rule.proto);
  const matches: readonly Match[] = [
    ...(src === undefined ? [] : [match('source', '-s', host(family, src))]),
    ...(dst === undefined ? [] : [match('destination', '-d', host(family, dst))]),
    ...(proto === undefined ? [] : [match('protocol', '-p', proto)]),
    ...(proto === undefined || dport === undefined ? [] : [match(proto, '--dport', String(dport))]),
  ];
  const record = { matches, target: { name: target, goto: false, options }, counters: undefined, comment: undefined };
  const place = position === undefined ? part`-A ${chain}` : part`-I ${chain} ${position}`;
  const from = src === undefined ? NO_PART : part` -s ${host(family, src)}`;
  const to = dst === undefined ? NO_PART : part` -d ${host(family, dst)}`;
  const kind = proto === undefined ? NO_PART : part` -p ${proto}`;
  const port = proto === undefined || dport === undefined ? NO_PART : part` --dport ${dport}`;
  const words = options.flatMap(({ flag, values }) => [flag, ...values]);
  const more = words.length === 0 ? NO_PART : part` ${words}`;
  return {
    change: { namespace: ns.id, op: 'add', what: 'iptables-rule', family, table, chain, position, ...of, record },
    command: commandIn(ns, shell`${tool}${tablePart(table)} ${place}${from}${to}${kind}${port} -j ${target}${more}`),
  };
};
