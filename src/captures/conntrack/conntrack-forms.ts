/** Numbers of the protocols that conntrack-tools name; `-p 50` stays a number. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  tcp: 6,
  udp: 17,
  icmp: 1,
  icmpv6: 58,
  'ipv6-icmp': 58,
  sctp: 132,
  dccp: 33,
  gre: 47,
  udplite: 136,
};

/** What both forms tell of an entry. */
interface Entry {
  readonly proto: string;
  readonly timeout: string | undefined;
  readonly state: string | undefined;
  readonly original: string;
  readonly reply: string;
  readonly unreplied: boolean;
  readonly assured: boolean;
  readonly rest: string;
}

/** An entry as `conntrack -L` prints it. */
const plain = ({ proto, timeout, state, original, reply, unreplied, assured, rest }: Entry): string | undefined => {
  const number = PROTOCOLS[proto] ?? (/^\d{1,3}$/.test(proto) ? Number(proto) : undefined);
  if (number === undefined) return undefined;
  const name = /^\d/.test(proto) ? 'unknown' : proto === 'ipv6-icmp' ? 'icmpv6' : proto;
  const words = [
    `${name} ${number}`,
    timeout,
    state,
    original,
    unreplied ? '[UNREPLIED]' : undefined,
    reply,
    assured ? '[ASSURED]' : undefined,
    rest,
  ];
  return words.filter((word) => word !== undefined && word !== '').join(' ');
};

/**
 * `conntrack -L -o save` (ct_save_snprintf): the options of `conntrack -A` that would make the entry. `-r` and `-q` are the answer's ends; where the entry
 * translates, `-g` (destination) and `-n` (source) stand in their place.
 */
const savedEntry = (line: string): string | undefined => {
  const options = new Map<string, string>();
  const words = line.trim().split(/\s+/);
  for (let at = 1; at + 1 < words.length; at += 2) options.set(words[at] ?? '', words[at + 1] ?? '');
  const of = (...names: readonly string[]): string | undefined =>
    names.map((name) => options.get(name)).find((value) => value !== undefined);
  const [src, dst, proto] = [of('-s', '--orig-src'), of('-d', '--orig-dst'), of('-p', '--protonum')];
  const [replySrc, replyDst] = [of('-r', '-g', '--reply-src'), of('-q', '-n', '--reply-dst')];
  if (!src || !dst || !proto || !replySrc || !replyDst) return undefined;
  const [type, code, id] = [
    of('--icmp-type', '--icmpv6-type'),
    of('--icmp-code', '--icmpv6-code'),
    of('--icmp-id', '--icmpv6-id'),
  ];
  const [sport, dport] = [of('--sport', '--orig-port-src'), of('--dport', '--orig-port-dst')];
  const ports = (from: string | undefined, to: string | undefined): string =>
    from === undefined || to === undefined ? '' : ` sport=${from} dport=${to}`;
  const icmp = (kind: string | undefined): string =>
    kind === undefined ? '' : ` type=${kind} code=${code ?? 0}${id === undefined ? '' : ` id=${id}`}`;
  const status = (of('-u', '--status') ?? '').split(',');
  const zone = of('-w', '--zone');
  return plain({
    proto,
    timeout: of('-t', '--timeout'),
    state: of('--state'),
    original: `src=${src} dst=${dst}${type === undefined ? ports(sport, dport) : icmp(type)}`,
    reply: `src=${replySrc} dst=${replyDst}${type === undefined ? ports(of('--reply-port-src'), of('--reply-port-dst')) : icmp(ANSWERS[type] ?? type)}`,
    unreplied: !status.includes('SEEN_REPLY'),
    assured: status.includes('ASSURED'),
    rest: `mark=${markOf(of('-m', '--mark'))}${zone === undefined ? '' : ` zone=${zone}`}`,
  });
};

/** Types by which echo, timestamp and information requests are answered (nf_ct_icmp's invmap). */
const ANSWERS: Readonly<Record<string, string>> = {
  8: '0',
  0: '8',
  13: '14',
  14: '13',
  15: '16',
  16: '15',
  17: '18',
  18: '17',
  128: '129',
  129: '128',
};

const markOf = (text: string | undefined): number => {
  const value = Number(text ?? 0);
  return Number.isInteger(value) && value >= 0 ? value : 0;
};

/** `conntrack -L -o xml` (__snprintf_conntrack_xml of libnetfilter_conntrack): a flow on each line. */
const xmlEntry = (line: string): string | undefined => {
  const [original, reply] = (['original', 'reply'] as const).map((direction) => {
    const meta = new RegExp(`<meta direction="${direction}">(?<body>.{1,2000}?)</meta>`).exec(line)?.groups?.body;
    const [src, dst] = [tagged(meta, 'src'), tagged(meta, 'dst')];
    if (meta === undefined || src === undefined || dst === undefined) return undefined;
    const [sport, dport] = [tagged(meta, 'sport'), tagged(meta, 'dport')];
    const packets = /<packets>(?<packets>\d+)<\/packets><bytes>(?<bytes>\d+)<\/bytes>/.exec(meta)?.groups;
    return {
      ends: `src=${src} dst=${dst}${sport === undefined || dport === undefined ? '' : ` sport=${sport} dport=${dport}`}${packets ? ` packets=${packets.packets} bytes=${packets.bytes}` : ''}`,
      proto: /<layer4 protonum="(?<number>\d+)" protoname="(?<name>[a-z0-9-]+)"/.exec(meta)?.groups,
    };
  });
  if (!original?.proto || !reply) return undefined;
  const known = original.proto.name !== undefined && Object.hasOwn(PROTOCOLS, original.proto.name);
  const [zone, use, id] = [tagged(line, 'zone'), tagged(line, 'use'), tagged(line, 'id')];
  return plain({
    proto: (known ? original.proto.name : original.proto.number) ?? '',
    timeout: tagged(line, 'timeout'),
    state: tagged(line, 'state'),
    original: original.ends,
    reply: reply.ends,
    unreplied: line.includes('<unreplied/>'),
    assured: line.includes('<assured/>'),
    rest: `mark=${markOf(tagged(line, 'mark'))}${zone === undefined ? '' : ` zone=${zone}`}${use === undefined ? '' : ` use=${use}`}${id === undefined ? '' : ` id=${id}`}`,
  });
};

const tagged = (text: string | undefined, name: string): string | undefined =>
  text === undefined ? undefined : new RegExp(`<${name}>(?<value>[^<]{1,200})</${name}>`).exec(text)?.groups?.value;

/** ipvsadm's own `-A -t ADDRESS` has an address where a saved entry has its timeout. */
export const isOtherForm = (head: string): boolean =>
  /^-A (?:-t \d+|-u [A-Z_,]+|-s \S+ -d) |^<\?xml [^\n]{0,200}\?>\n<conntrack>|^<flow><meta direction=/m.test(head);

/** A slice with its saved and XML entries in the form that the grammar reads; every line stays one line. */
export const plainEntries = (slice: string): string =>
  slice
    .split('\n')
    .map((line) => {
      if (line.startsWith('-A -')) return savedEntry(line) ?? line;
      if (line.startsWith('<flow')) return xmlEntry(line) ?? line;
      return /^(?:<\?xml .{0,200}\?>|<\/?conntrack>)\s*$/.test(line) ? '' : line;
    })
    .join('\n');
