import type { LoggedPacket, LoggedTrace } from '../../records/logged-packet.ts';
import { canonicalAddress } from '../../tables/address.ts';
import { freeText } from '../masking/free-text.ts';

/** Characters of a message that are looked at: a LOG line with all its options is shorter. */
const LONGEST = 2000;

/** The packet of a kernel message; undefined where it is about none, or where its addresses are cut. */
export const loggedPacket = (message: string): LoggedPacket | undefined => {
  const text = message.slice(0, LONGEST);
  return text.includes('martian ') ? martian(text) : ruleLine(text);
};

const MARTIAN = /martian (source|destination) ([0-9a-fA-F.:]+) from ([0-9a-fA-F.:]+)[, ]+(?:on )?dev(?:ice)? (\S+)/;

/** Both messages name the destination first, then the source. */
const martian = (text: string): LoggedPacket | undefined => {
  const [, which, dst, src, device] = MARTIAN.exec(text) ?? [];
  const ends = { src: canonicalAddress(src ?? ''), dst: canonicalAddress(dst ?? '') };
  if (ends.src === undefined || ends.dst === undefined) return undefined;
  return {
    ...NOTHING,
    sort: which === 'source' ? 'martian-source' : 'martian-destination',
    iif: device,
    src: ends.src,
    dst: ends.dst,
  };
};

const NOTHING = {
  prefix: '',
  trace: undefined,
  iif: undefined,
  oif: undefined,
  proto: undefined,
  sport: undefined,
  dport: undefined,
  icmpId: undefined,
} as const;

/** The fields behind a rule's prefix: `IN=eth0 OUT= … SRC=… DST=… … PROTO=TCP SPT=… DPT=…`. What an ICMP error quotes stands in brackets and is not this packet's. */
const ruleLine = (text: string): LoggedPacket | undefined => {
  const from = /(?:^|[^A-Z])IN=\S* OUT=/.exec(text);
  if (!from) return undefined;
  const at = from.index + from[0].indexOf('IN=');
  const fields = new Map<string, string>();
  for (const word of (text.slice(at).split('[')[0] ?? '').split(' ')) {
    const equals = word.indexOf('=');
    if (equals > 0 && !fields.has(word.slice(0, equals))) fields.set(word.slice(0, equals), word.slice(equals + 1));
  }
  const src = canonicalAddress(fields.get('SRC') ?? '');
  const dst = canonicalAddress(fields.get('DST') ?? '');
  if (src === undefined || dst === undefined) return undefined;
  const prefix = text.slice(0, at).trim();
  const trace = traceOf(prefix);
  return {
    sort: trace ? 'trace' : 'log',
    prefix: freeText(prefix),
    trace,
    iif: named(fields.get('IN')),
    oif: named(fields.get('OUT')),
    src,
    dst,
    proto: protocolOf(fields.get('PROTO')),
    sport: numbered(fields.get('SPT')),
    dport: numbered(fields.get('DPT')),
    // Behind TYPE stands ICMP's own ID; the one before it is the IP header's.
    icmpId: numbered(/ TYPE=.* ID=(\d+)/.exec(text.slice(at))?.[1]),
  };
};

const named = (device: string | undefined): string | undefined => (device ? device : undefined);
const numbered = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
const protocolOf = (name: string | undefined): string | undefined => {
  const proto = name?.toLowerCase();
  return proto === 'icmpv6' ? 'icmp6' : proto;
};

/** `TRACE: nat:PREROUTING:rule:1`: xt_TRACE by way of nf_log_trace. */
const traceOf = (prefix: string): LoggedTrace | undefined => {
  const [, table, chain, at, number] = /TRACE: ([^\s:]+):([^\s:]+):(rule|policy|return):(\d+)$/.exec(prefix) ?? [];
  if (table === undefined || chain === undefined || number === undefined) return undefined;
  return { table, chain, at: at as LoggedTrace['at'], number: Number(number) };
};
