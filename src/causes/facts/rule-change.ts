import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { Match, TableName } from '../../records/iptables.ts';

/** A plain rule: addresses, protocol and destination port, and a target without options. */
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
}

const match = (name: string, flag: string, value: string): Match => ({
  name,
  options: [{ flag, invert: false, values: [value] }],
});

const host = (family: 4 | 6, address: string): string =>
  address.includes('/') ? address : `${address}/${family === 4 ? 32 : 128}`;

/** The rule as a change of the model and as it would be typed. */
export const ruleChange = (
  ns: NetNamespace,
  rule: PlainRule,
): { readonly change: Change; readonly command: { readonly node: string; readonly command: string } } => {
  const { family, table, chain, position, src, dst, proto, dport, target } = rule;
  const matches: readonly Match[] = [
    ...(src === undefined ? [] : [match('source', '-s', host(family, src))]),
    ...(dst === undefined ? [] : [match('destination', '-d', host(family, dst))]),
    ...(proto === undefined ? [] : [match('protocol', '-p', proto)]),
    ...(proto === undefined || dport === undefined ? [] : [match(proto, '--dport', String(dport))]),
  ];
  const words = [
    family === 4 ? 'iptables' : 'ip6tables',
    ...(table === 'filter' ? [] : ['-t', table]),
    ...(position === undefined ? ['-A', chain] : ['-I', chain, String(position)]),
    ...(src === undefined ? [] : ['-s', host(family, src)]),
    ...(dst === undefined ? [] : ['-d', host(family, dst)]),
    ...(proto === undefined ? [] : ['-p', proto]),
    ...(proto === undefined || dport === undefined ? [] : ['--dport', String(dport)]),
    '-j',
    target,
  ];
  return {
    change: {
      namespace: ns.id,
      op: 'add',
      what: 'iptables-rule',
      family,
      table,
      chain,
      position,
      record: { matches, target: { name: target, goto: false, options: [] }, counters: undefined, comment: undefined },
    },
    command: { node: ns.node, command: words.join(' ') },
  };
};
