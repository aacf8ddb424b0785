import { canonicalAddress } from '../../../tables/address.ts';
import { parseMasked, parseNumber } from '../matches/number.ts';
import { type Effect, NOTHING, type TargetCompiler } from './effect.ts';
import { xmark } from './mark.ts';

const ends = (verdict: 'accept' | 'drop' | 'queue' | 'stolen'): TargetCompiler => {
  const effect: Effect = { kind: 'end', ending: { verdict } };
  return () => effect;
};
export const accept = ends('accept');
export const drop = ends('drop');
/** NFQUEUE and QUEUE hand the packet to a program. */
export const queue = ends('queue');
/** xt_SYNPROXY answers the SYN itself. */
export const synproxy = ends('stolen');
export const giveBack: TargetCompiler = () => ({ kind: 'return' });

/** Short names that `--reject-with` takes. */
const REJECT_ALIASES: Readonly<Record<string, string>> = {
  'tcp-rst': 'tcp-reset',
  'net-unreach': 'icmp-net-unreachable',
  'host-unreach': 'icmp-host-unreachable',
  'proto-unreach': 'icmp-proto-unreachable',
  'port-unreach': 'icmp-port-unreachable',
  'net-prohib': 'icmp-net-prohibited',
  'host-prohib': 'icmp-host-prohibited',
  'admin-prohib': 'icmp-admin-prohibited',
  'no-route': 'icmp6-no-route',
  'adm-prohibited': 'icmp6-adm-prohibited',
  'addr-unreach': 'icmp6-addr-unreachable',
};

/** ipt_REJECT, ip6t_REJECT. */
export const reject: TargetCompiler = ({ options }, family) => {
  const text = options.find((o) => o.flag === '--reject-with')?.values[0];
  const fallback = family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable';
  const rejectWith = text === undefined ? fallback : (REJECT_ALIASES[text] ?? text);
  return { kind: 'end', ending: { verdict: 'reject', rejectWith } };
};

/** xt_TPROXY: the packet goes to a local socket, with the mark that a routing rule looks for. */
export const tproxy: TargetCompiler = ({ options }) => {
  const value = (flag: string): string | undefined => options.find((o) => o.flag === flag)?.values[0];
  const change = parseMasked(value('--tproxy-mark') ?? '0/0');
  const address = canonicalAddress(value('--on-ip') ?? '');
  return {
    kind: 'end',
    ending: {
      verdict: 'tproxy',
      tproxy: {
        address: address === '0.0.0.0' || address === '::' ? undefined : address,
        port: parseNumber(value('--on-port') ?? '') || undefined,
      },
    },
    apply: (branch) => (change ? { ...branch, mark: xmark(branch.mark, change) } : branch),
  };
};

/** xt_TCPMSS: lowers the MSS of a SYN, never raises it. */
export const tcpmss: TargetCompiler = ({ options }) => {
  const set = options.find((o) => o.flag === '--set-mss')?.values[0];
  const mss = set === undefined ? 'pmtu' : parseNumber(set);
  if (mss === undefined) return NOTHING;
  return {
    kind: 'change',
    apply: (branch, { packet }) => {
      if (packet.proto !== 'tcp' || packet.tcp === 'ack' || packet.tcp === 'rst') return branch;
      const lower = typeof branch.mss === 'number' && typeof mss === 'number' ? Math.min(branch.mss, mss) : mss;
      return { ...branch, mss: lower };
    },
  };
};
