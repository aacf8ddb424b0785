import type { ConntrackEntry, Tuple } from '../../records/conntrack.ts';
import { PROTOCOLS } from '../../tables/conntrack-columns.ts';

const NUMBERS: ReadonlyMap<string, number> = new Map([...PROTOCOLS].map(([number, name]) => [name, number]));

const field = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [`${name}=${value}`];
const hex = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `0x${value.toString(16)}`;

const tuple = (t: Tuple): string[] => [
  `src=${t.src}`,
  `dst=${t.dst}`,
  ...field('sport', t.sport),
  ...field('dport', t.dport),
  ...field('type', t.icmpType),
  ...field('code', t.icmpCode),
  ...field('id', t.icmpId),
  ...field('srckey', hex(t.srcKey)),
  ...field('dstkey', hex(t.dstKey)),
];

const event = (entry: ConntrackEntry): string => {
  if (entry.event === undefined) return '';
  const time = entry.time === undefined ? '' : `[${entry.time.toFixed(6)}]\t`;
  return `${time}${`[${entry.event}]`.padStart(9)} `;
};

/**
 * An entry as `conntrack -L` or `-E` prints it (libnetfilter_conntrack, __snprintf_conntrack_default); with `layer3` as `-o extended` and
 * /proc/net/nf_conntrack do. Fields stand in the tool's order, one blank apart, whatever order they were read in; addresses are canonical.
 */
export const printConntrackEntry = (entry: ConntrackEntry, layer3 = false): string => {
  const number = NUMBERS.get(entry.proto);
  const family = layer3 ? `${`ipv${entry.family}`.padEnd(8)} ${entry.family === 6 ? 10 : 2} ` : '';
  const proto = `${(number === undefined ? 'unknown' : entry.proto).padEnd(8)} ${number ?? entry.proto} `;
  const fields = [
    ...(entry.timeout === undefined ? [] : [String(entry.timeout)]),
    ...(entry.state === undefined ? [] : [entry.state]),
    ...tuple(entry.original),
    ...field('zone-orig', entry.zoneOriginal),
    ...field('packets', entry.originalPackets),
    ...field('bytes', entry.originalBytes),
    ...(entry.unreplied ? ['[UNREPLIED]'] : []),
    ...tuple(entry.reply),
    ...field('zone-reply', entry.zoneReply),
    ...field('packets', entry.replyPackets),
    ...field('bytes', entry.replyBytes),
    ...(entry.offload ? [entry.hardwareOffload ? '[HW_OFFLOAD]' : '[OFFLOAD]'] : []),
    ...(entry.assured ? ['[ASSURED]'] : []),
    ...field('mark', entry.mark),
    ...field('secctx', entry.secctx),
    ...field('zone', entry.zone),
    ...field('delta-time', entry.deltaTime),
    ...field('helper', entry.helper),
    ...field('use', entry.use),
    ...field('id', entry.id),
    ...(entry.extra === undefined ? [] : [entry.extra]),
  ];
  return `${event(entry)}${family}${proto}${fields.join(' ')}`;
};
