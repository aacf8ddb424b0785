import { isMulticast } from '../../../tables/address.ts';
import { protocolNumber } from '../../packet.ts';
import type { Missing } from '../../step.ts';
import type { DoubtCode } from '../../vocabulary/assumptions.ts';
import { type Direction, zoneIn } from '../../zone.ts';
import { localType } from '../local-type.ts';
import { type Answer, type Marks, missing } from '../matches/answer.ts';
import { entryTuple, hasEntry } from '../matches/conntrack.ts';
import { connectionMark } from '../matches/mark.ts';
import { hasPorts } from '../matches/ports.ts';
import type { HookQuestion } from '../outcome.ts';
import type { ValueKind } from './kinds.ts';

/** A packet's value of a field: known, absent (the rule ends there, inverted or not: NFT_BREAK), or not known. */
export type FieldValue =
  | { readonly is: 'known'; readonly text: string }
  | { readonly is: 'absent' }
  | { readonly is: 'unknown'; readonly why: DoubtCode; readonly missing: Missing | undefined };

/** A field that a rule compares or looks up. */
export interface Field {
  readonly kind: ValueKind;
  readonly read: (question: HookQuestion, marks: Marks) => FieldValue;
}

const ABSENT: FieldValue = { is: 'absent' };
const known = (value: string | number): FieldValue => ({ is: 'known', text: String(value) });
const notKnown = (why: DoubtCode, from?: Missing): FieldValue => ({ is: 'unknown', why, missing: from });
const field = (kind: ValueKind, read: Field['read']): Field => ({ kind, read });

export const fieldAnswer = (value: Extract<FieldValue, { is: 'unknown' }>): Answer => ({
  value: undefined,
  why: value.why,
  missing: value.missing,
});

const portOf = (proto: string, side: 'sport' | 'dport'): Field =>
  field('port', ({ packet, namespace }) => {
    if (proto === 'th' ? !hasPorts(packet) : packet.proto !== proto) return ABSENT;
    const port = packet[side];
    return port === undefined ? notKnown('port-unknown', missing('tcpdump', namespace)) : known(port);
  });

const addressOf = (family: 4 | 6, side: 'src' | 'dst'): Field =>
  field('address', ({ packet }) => (packet.family === family ? known(packet[side]) : ABSENT));

const ctAddress = (which: 'original' | 'reply', side: 'src' | 'dst'): Field =>
  field('address', (question) => (hasEntry(question.ct) ? known(entryTuple(question, which)[side]) : ABSENT));
const ctPort = (which: 'original' | 'reply', side: 'sport' | 'dport'): Field =>
  field('port', (question) => {
    if (!hasEntry(question.ct)) return ABSENT;
    const port = entryTuple(question, which)[side];
    return port === undefined ? notKnown('port-unknown', missing('conntrack', question.namespace)) : known(port);
  });

const icmpField = (family: 4 | 6, part: 'type' | 'code' | 'id'): Field =>
  field(part === 'type' ? (family === 4 ? 'icmp' : 'icmp6') : 'number', ({ packet, namespace }) => {
    if (packet.proto !== (family === 4 ? 'icmp' : 'icmp6')) return ABSENT;
    const value = packet.icmp?.[part];
    return value === undefined ? notKnown('icmp-type-unknown', missing('tcpdump', namespace)) : known(value);
  });

const device = (side: 'iif' | 'oif'): Field => field('device', (question) => known(question[side] ?? ''));
const unknownField = (why: DoubtCode): Field => field('word', () => notKnown(why));
const spi = (proto: string): Field =>
  field('number', ({ packet, namespace }) => {
    if (packet.proto !== proto) return ABSENT;
    return packet.spi === undefined ? notKnown('spi-unknown', missing('xfrm-state', namespace)) : known(packet.spi);
  });

const zoneOf = (direction: Direction): Field =>
  field('number', ({ ct }) => (hasEntry(ct) ? known(ct.entry ? zoneIn(ct.entry, direction) : 0) : ABSENT));

/** `fib daddr type`, `fib daddr . iif type`: the local table's view (nft_fib4_eval_type()). */
const fibType = (side: 'src' | 'dst', device?: 'iif' | 'oif'): Field =>
  field('word', (question) => {
    const { namespace, packet } = question;
    const found = localType(namespace, packet.family, packet[side], device ? (question[device] ?? '') : undefined);
    return found.type === undefined
      ? notKnown('local-addresses-unknown', missing(found.missing, namespace))
      : known(found.type.toLowerCase());
  });

/** `fib saddr . iif oif`: whether there is a route back by the device that the packet came in by; without `iif` by any. */
const fibRoute = (side: string, keys: readonly string[]): Field =>
  field('word', (question, marks) => {
    const { namespace, packet, iif, reversePath } = question;
    if (side !== 'saddr' || !reversePath || iif === undefined)
      return notKnown('reverse-path-unknown', missing('ip-route', namespace));
    const back = reversePath(namespace, { ...packet, mark: marks.mark }, iif, {
      loose: !keys.includes('iif'),
      validMark: keys.includes('mark'),
      acceptLocal: false,
      withProtocol: true,
    });
    return back.value === undefined ? notKnown(back.why, back.missing) : known(back.value ? 'exists' : 'missing');
  });

const FIXED: Readonly<Record<string, Field>> = {
  'meta mark': field('number', (_question, marks) => known(marks.mark)),
  'ct mark': field('number', (question, marks) => {
    const value = connectionMark(question, marks);
    return value === undefined ? ABSENT : known(value);
  }),
  'meta l4proto': field('protocol', ({ packet }) => known(protocolNumber(packet.proto) ?? packet.proto)),
  'meta protocol': field('ether-type', ({ packet }) => known(packet.family === 4 ? 2048 : 34525)),
  'meta nfproto': field('word', ({ packet }) => known(packet.family === 4 ? 'ipv4' : 'ipv6')),
  'ct l3proto': field('word', ({ packet }) => known(packet.family === 4 ? 'ipv4' : 'ipv6')),
  'meta iifname': device('iif'),
  'meta oifname': device('oif'),
  'meta iif': device('iif'),
  'meta oif': device('oif'),
  'meta pkttype': field('word', ({ packet }) =>
    known(isMulticast(packet.dst) ? 'multicast' : packet.dst === '255.255.255.255' ? 'broadcast' : 'host'),
  ),
  'meta length': field('number', ({ packet }) => known(packet.length)),
  'ip saddr': addressOf(4, 'src'),
  'ip daddr': addressOf(4, 'dst'),
  'ip6 saddr': addressOf(6, 'src'),
  'ip6 daddr': addressOf(6, 'dst'),
  'ip protocol': field('protocol', ({ packet }) =>
    packet.family === 4 ? known(protocolNumber(packet.proto) ?? packet.proto) : ABSENT,
  ),
  'ip6 nexthdr': field('protocol', ({ packet }) =>
    packet.family === 6 ? known(protocolNumber(packet.proto) ?? packet.proto) : ABSENT,
  ),
  'ip ttl': field('number', ({ packet }) => (packet.family === 4 ? known(packet.ttl) : ABSENT)),
  'ip6 hoplimit': field('number', ({ packet }) => (packet.family === 6 ? known(packet.ttl) : ABSENT)),
  'ip length': field('number', ({ packet }) => (packet.family === 4 ? known(packet.length) : ABSENT)),
  'ip version': field('number', ({ packet }) => known(packet.family)),
  'icmp type': icmpField(4, 'type'),
  'icmp code': icmpField(4, 'code'),
  'icmp id': icmpField(4, 'id'),
  'icmpv6 type': icmpField(6, 'type'),
  'icmpv6 code': icmpField(6, 'code'),
  'icmpv6 id': icmpField(6, 'id'),
  'esp spi': spi('esp'),
  'ah spi': spi('ah'),
  'ct state': field('word', ({ ct }) => known(ct.state.toLowerCase())),
  'ct direction': field('word', ({ ct }) => (hasEntry(ct) ? known(ct.direction) : ABSENT)),
  'ct zone': field('number', ({ ct }) => (hasEntry(ct) ? known(ct.entry?.zone ?? 0) : ABSENT)),
  'ct original zone': zoneOf('original'),
  'ct reply zone': zoneOf('reply'),
  'ct protocol': field('protocol', ({ packet }) => known(protocolNumber(packet.proto) ?? packet.proto)),
  'meta ipsec': field('word', ({ secpath }) => known(secpath.length > 0 ? 'exists' : 'missing')),
  'rt ipsec': field('word', ({ outPolicy }) => known(outPolicy ? 'exists' : 'missing')),
  'ether saddr': unknownField('mac-unknown'),
  'ether daddr': unknownField('mac-unknown'),
  'meta skuid': unknownField('owner-unknown'),
  'meta skgid': unknownField('owner-unknown'),
  'meta cgroup': unknownField('cgroup-unknown'),
  'ct helper': unknownField('helper-unknown'),
  'ip dscp': unknownField('type-of-service-unknown'),
  'ip6 dscp': unknownField('type-of-service-unknown'),
  'meta hour': unknownField('time-of-day'),
  'meta day': unknownField('time-of-day'),
  'meta time': unknownField('time-of-day'),
  'meta cpu': unknownField('cpu-unknown'),
};

/** Words that nft prints without their `meta`. */
const META = /^(mark|iifname|oifname|iif|oif|l4proto|protocol|nfproto|pkttype|length|skuid|skgid|cgroup|cpu)$/;

/** One field; one that is not modelled is never known. */
const parseField = (text: string): Field => {
  const name = META.test(text) ? `meta ${text}` : text;
  if (Object.hasOwn(FIXED, name)) return FIXED[name] as Field;
  const port = /^(tcp|udp|sctp|dccp|udplite|th) ([sd]port)$/.exec(name);
  if (port) return portOf(port[1] ?? '', port[2] as 'sport' | 'dport');
  const tuple = /^ct (original|reply) (?:ip6? )?(saddr|daddr|proto-src|proto-dst)$/.exec(name);
  if (tuple) {
    const which = tuple[1] as 'original' | 'reply';
    const end = tuple[2] ?? '';
    if (end === 'saddr' || end === 'daddr') return ctAddress(which, end === 'saddr' ? 'src' : 'dst');
    return ctPort(which, end === 'proto-src' ? 'sport' : 'dport');
  }
  const fib = /^fib ([sd]addr)((?: \. (?:iif|oif|mark))*) (\w+)$/.exec(name);
  if (fib) {
    const keys = (fib[2] ?? '').split(' . ').filter((key) => key !== '');
    const side = fib[1] === 'saddr' ? 'src' : 'dst';
    if (fib[3] === 'type')
      return fibType(side, keys.find((key) => key === 'iif' || key === 'oif') as 'iif' | 'oif' | undefined);
    return fibRoute(fib[1] ?? '', keys);
  }
  return unknownField('match-unsupported');
};

/** The fields of a concatenation, `ip daddr . meta l4proto . th dport`. A fib expression's own dots are no concatenation. */
export const parseFields = (text: string): readonly Field[] => {
  const fields: Field[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const fib = /^fib [sd]addr(?: \. (?:iif|oif|mark))* \w+/.exec(rest)?.[0];
    const cut = rest.indexOf(' . ', fib?.length ?? 0);
    fields.push(parseField(cut < 0 ? rest : rest.slice(0, cut).trim()));
    rest = cut < 0 ? '' : rest.slice(cut + 3).trim();
  }
  return fields;
};
