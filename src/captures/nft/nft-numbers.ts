import type { NftStatement } from '../../records/iptables.ts';

/** Bits as nft names them, lowest first; an empty name is a bit that has none (nftables' src/ct.c and src/proto.c; the kernel's ip_conntrack_info). */
const CT_STATE = ['invalid', 'established', 'related', 'new', '', '', 'untracked'];
const CT_STATUS = ['expected', 'seen-reply', 'assured', 'confirmed', 'snat', 'dnat', '', '', '', 'dying'];
const TCP_FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ecn', 'cwr'];
/** Types of a route (RTN_*, linux/rtnetlink.h). */
const ROUTE_TYPES = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
];

/** Reasons of `reject`, by their code on the wire; those of icmpx are nftables' own (NFT_REJECT_ICMPX_*). */
const REASONS: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  icmp: new Map([
    ['0', 'net-unreachable'],
    ['1', 'host-unreachable'],
    ['2', 'prot-unreachable'],
    ['3', 'port-unreachable'],
    ['9', 'net-prohibited'],
    ['10', 'host-prohibited'],
    ['13', 'admin-prohibited'],
  ]),
  icmpv6: new Map([
    ['0', 'no-route'],
    ['1', 'admin-prohibited'],
    ['3', 'addr-unreachable'],
    ['4', 'port-unreachable'],
    ['5', 'policy-fail'],
    ['6', 'reject-route'],
  ]),
  icmpx: new Map([
    ['0', 'no-route'],
    ['1', 'port-unreachable'],
    ['2', 'host-unreachable'],
    ['3', 'admin-prohibited'],
  ]),
};

/** Every hexadecimal number of a value as the names of its bits; zero and unnamed bits stay numbers. */
const bitNames = (text: string, names: readonly string[]): string =>
  text.replace(/\b0x[0-9a-f]+\b/g, (number) => {
    const value = Number(number);
    const set = names.filter((name, bit) => name !== '' && (value >>> bit) & 1);
    const whole = set.reduce((sum, name) => sum + 2 ** names.indexOf(name), 0) === value;
    return value !== 0 && whole ? set.join(',') : number;
  });

const valueNames = (field: string, text: string): string => {
  if (field === 'ct state') return bitNames(text, CT_STATE);
  if (field === 'ct status') return bitNames(text, CT_STATUS);
  if (field === 'tcp flags') return bitNames(text, TCP_FLAGS);
  if (/^fib .* type$/.test(field)) return text.replace(/\b\d+\b/g, (number) => ROUTE_TYPES[Number(number)] ?? number);
  return text;
};

/** What `nft -n` prints as numbers, by the names that it prints without. */
export const withNames = (statement: NftStatement): NftStatement => {
  switch (statement.kind) {
    case 'match':
      return { ...statement, right: valueNames(statement.left, statement.right) };
    case 'vmap':
      return statement.map.startsWith('{')
        ? { ...statement, map: valueNames(statement.key, statement.map) }
        : statement;
    case 'reject': {
      const [, protocol = '', code = ''] = /^(icmp|icmpv6|icmpx) (?:type )?(\d+)$/.exec(statement.with ?? '') ?? [];
      const reason = REASONS[protocol]?.get(code);
      return reason === undefined ? statement : { ...statement, with: `${protocol} ${reason}` };
    }
    default:
      return statement;
  }
};
