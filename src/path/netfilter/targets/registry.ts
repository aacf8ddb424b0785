import type { Rule } from '../../../records/iptables.ts';
import type { TakenCode } from '../../vocabulary/assumptions.ts';
import { ct, notrack } from './conntrack.ts';
import { type Effect, NOTHING, type TargetCompiler } from './effect.ts';
import { connmark, mark } from './mark.ts';
import { dnat, masquerade, netmap, redirect, snat } from './nat.ts';
import { ttl } from './ttl.ts';
import { accept, drop, giveBack, queue, reject, synproxy, tcpmss, tproxy } from './verdict.ts';

const nothing: TargetCompiler = () => NOTHING;
const notModelled =
  (code: TakenCode): TargetCompiler =>
  () => ({ kind: 'unknown', code });

/** Every target that is known, by name. */
const TARGETS: ReadonlyMap<string, TargetCompiler> = new Map<string, TargetCompiler>([
  ['ACCEPT', accept],
  ['DROP', drop],
  ['RETURN', giveBack],
  ['REJECT', reject],
  ['QUEUE', queue],
  ['NFQUEUE', queue],
  ['DNAT', dnat],
  ['SNAT', snat],
  ['MASQUERADE', masquerade],
  ['REDIRECT', redirect],
  ['NETMAP', netmap],
  ['MARK', mark],
  ['CONNMARK', connmark],
  ['CT', ct],
  ['NOTRACK', notrack],
  ['TPROXY', tproxy],
  ['TCPMSS', tcpmss],
  ['SYNPROXY', synproxy],
  // Rules that record, or change what no later step of the walk uses.
  ['LOG', nothing],
  ['NFLOG', nothing],
  ['ULOG', nothing],
  ['TRACE', nothing],
  ['AUDIT', nothing],
  ['TEE', nothing],
  ['TTL', ttl],
  ['HL', ttl],
  ['DSCP', nothing],
  ['TOS', nothing],
  ['ECN', nothing],
  ['CLASSIFY', nothing],
  ['CHECKSUM', nothing],
  ['TCPOPTSTRIP', nothing],
  ['SECMARK', nothing],
  ['CONNSECMARK', nothing],
  ['IDLETIMER', nothing],
  ['RATEEST', nothing],
  ['LED', nothing],
  // Known to change the packet in ways that the bundle does not tell.
  ['HMARK', notModelled('mark-by-hash')],
  ['CLUSTERIP', notModelled('clusterip-hash')],
  ['DNPT', notModelled('target-unsupported')],
  ['SNPT', notModelled('target-unsupported')],
]);

/** xt_SET adds to and deletes from sets; `--map-set` alone changes the packet. */
const setTarget: TargetCompiler = ({ options }) =>
  options.some((o) => o.flag === '--map-set' || o.flag === '--map-mark')
    ? { kind: 'unknown', code: 'target-unsupported' }
    : NOTHING;

/** What a rule's target does; a name that is a chain of the table is a jump whatever else it could mean. */
export const compileTarget = (rule: Rule, family: 4 | 6, isChain: (name: string) => boolean): Effect => {
  const { target } = rule;
  if (!target || target.name === '') return NOTHING;
  if (isChain(target.name) || target.goto) return { kind: target.goto ? 'goto' : 'jump', chain: target.name };
  if (target.name === 'SET') return setTarget(target, family, rule);
  return TARGETS.get(target.name)?.(target, family, rule) ?? { kind: 'unknown', code: 'target-unsupported' };
};
