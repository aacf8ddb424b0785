import type { Match } from '../../../records/iptables.ts';
import { destination, iprange, mac, source } from './address.ts';
import { addrtype } from './addrtype.ts';
import { always, type MatchCompiler, type Matcher, unsupported } from './answer.ts';
import { conntrack, helper, state } from './conntrack.ts';
import { icmp } from './icmp.ts';
import { devgroup, inInterface, outInterface, physdev } from './interface.ts';
import { ipvs } from './ipvs.ts';
import { cgroup, owner, socket } from './local-socket.ts';
import { connmark, mark } from './mark.ts';
import { ah, esp, length, pkttype, ttl } from './packet-fields.ts';
import { policy } from './policy.ts';
import { multiport, transport } from './ports.ts';
import { fragment, protocol } from './protocol.ts';
import { connlimit, hashlimit, limit, quota, recent } from './rate.ts';
import { rpfilter } from './rpfilter.ts';
import { set } from './set.ts';
import { statistic } from './statistic.ts';
import { u32 } from './u32.ts';
import { clock, cpu, extensionHeader, payload, typeOfService } from './undecided.ts';

const holds: MatchCompiler = () => always;

/** Every match that is modelled, by the name that iptables-save prints after `-m`. */
const MATCHES: ReadonlyMap<string, MatchCompiler> = new Map<string, MatchCompiler>([
  ['source', source],
  ['destination', destination],
  ['in-interface', inInterface],
  ['out-interface', outInterface],
  ['protocol', protocol],
  ['fragment', fragment],
  ['comment', holds],
  ['tcp', transport],
  ['udp', transport],
  ['sctp', transport],
  ['dccp', transport],
  ['udplite', transport],
  ['multiport', multiport],
  ['mport', multiport],
  ['icmp', icmp],
  ['icmp6', icmp],
  ['icmpv6', icmp],
  ['ipv6-icmp', icmp],
  ['mark', mark],
  ['connmark', connmark],
  ['conntrack', conntrack],
  ['state', state],
  ['helper', helper],
  ['set', set],
  ['addrtype', addrtype],
  ['statistic', statistic],
  ['iprange', iprange],
  ['mac', mac],
  ['physdev', physdev],
  ['devgroup', devgroup],
  ['limit', limit],
  ['hashlimit', hashlimit],
  ['connlimit', connlimit],
  ['quota', quota],
  ['recent', recent],
  ['nfacct', holds],
  ['rpfilter', rpfilter],
  ['policy', policy],
  ['ipvs', ipvs],
  ['socket', socket],
  ['owner', owner],
  ['cgroup', cgroup],
  ['length', length],
  ['ttl', ttl],
  ['hl', ttl],
  ['pkttype', pkttype],
  ['esp', esp],
  ['ah', ah],
  ['u32', u32],
  ['bpf', payload],
  ['string', payload],
  ['ecn', typeOfService],
  ['dscp', typeOfService],
  ['tos', typeOfService],
  ['time', clock],
  ['cpu', cpu],
  ['frag', extensionHeader],
  ['hbh', extensionHeader],
  ['dst', extensionHeader],
  ['rt', extensionHeader],
  ['ipv6header', extensionHeader],
  ['mh', extensionHeader],
  ['srh', extensionHeader],
]);

/** A match made ready; an extension that is not modelled is undecided for every packet. */
export const compileMatch = (match: Match, family: 4 | 6): Matcher =>
  MATCHES.get(match.name)?.(match, family) ?? unsupported;
