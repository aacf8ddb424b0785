import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { TableName } from '../../records/iptables.ts';
import type { DropRule } from './drop-rule.ts';
import type { Found } from './finding.ts';
import { commandIn } from './fix-command.ts';
import { ruleChange } from './rule-change.ts';
import { part, shell } from './shell.ts';

/** Protocols as nft's `meta l4proto` names them; by number where it knows no name for sure. */
const L4: ReadonlyMap<string, string> = new Map([
  ['icmp6', 'ipv6-icmp'],
  ['ipip', '4'],
  ['ip6ip6', '41'],
  ['gre', '47'],
]);

/**
 * The permission that is missing, for just this packet (and, where it is passed on, for its answer), before the rule or policy that refused it: at the head of the chain that the hook begins with. An nftables rule is
 * put before the others of the deciding chain, as a verdict in another table would not keep this one from dropping.
 */
export const acceptFix = (ns: NetNamespace, step: Step, drop: DropRule, isAnswer = false): Found['fixes'][number] => {
  const { family, src, dst, proto, dport, sport } = step.before;
  const port = isAnswer ? undefined : dport;
  const values = { src, dst, proto, port: (isAnswer ? sport : dport) ?? 0, chain: drop.nft ? drop.chain : step.place };
  if (drop.nft) {
    const { table } = drop.nft;
    const ip = part`${family === 4 ? 'ip' : 'ip6'}`;
    const kind = port === undefined ? part`meta l4proto ${L4.get(proto) ?? proto}` : part`${proto} dport ${port}`;
    const command = shell`nft insert rule ${table.family} ${table.name} ${drop.chain} ${ip} saddr ${src} ${ip} daddr ${dst} ${kind} accept`;
    return { id: 'accept', commands: [commandIn(ns, command)], changes: [], values };
  }
  const plain = {
    family,
    table: tableOf(drop),
    chain: step.place,
    position: 1,
    proto,
    target: 'ACCEPT',
    backend: drop.backend,
  } as const;
  const rules = [
    ruleChange(ns, { ...plain, src, dst, ...(port === undefined ? {} : { dport: port }) }),
    // What is passed on passes the same chain on its way back.
    ...(step.place === 'FORWARD' ? [ruleChange(ns, { ...plain, src: dst, dst: src })] : []),
  ];
  return {
    id: 'accept',
    commands: rules.map(({ command }) => command),
    changes: rules.map(({ change }) => change),
    values,
  };
};

const tableOf = ({ table }: DropRule): TableName =>
  table === 'raw' || table === 'mangle' || table === 'security' ? table : 'filter';
