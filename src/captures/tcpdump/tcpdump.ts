import { parse } from '#grammars/tcpdump';
import type { CaptureKind } from '../../records/capture.ts';
import { PacketColumns } from '../../tables/packet-columns.ts';
import { PacketDraft, type PacketLayer, type Protocol, portNumber, protocolOf } from '../../tables/packet-layer.ts';
import { type CaptureInput, type CaptureModule, grammarReader, LineSink } from '../module.ts';
import { TcpdumpClock } from './tcpdump-clock.ts';
import { tcpdumpMask } from './tcpdump-mask.ts';
import { DataThinning } from './tcpdump-thinning.ts';

/** print-sll.c sll_pkttype_values. */
const DIRECTIONS = new Map([
  ['In', 'in'],
  ['Out', 'out'],
  ['B', 'broadcast'],
  ['M', 'multicast'],
  ['P', 'other'],
  ['?', ''],
  ['', ''],
] as const);

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
/** The first line of an -A dump: the IPv4 or IPv6 header as text, an ARP packet, or (-AA) a link header before one. */
const DUMP_START = /^(.{14,18})?([E-O].{5}[@. ]\.|[E-O]\.[. ]|`.{5}.{2}|\.{4,})/;
const PORT_PROTOCOLS: ReadonlySet<Protocol> = new Set(['tcp', 'udp', 'sctp', 'vxlan', 'geneve']);

/** Puts lines together to packets: what a head line began, its body and the packets inside it are added to the columns at the next head line. */
class TcpdumpSink extends LineSink {
  readonly packets: PacketColumns;
  readonly #clock = new TcpdumpClock();
  /** The line that is being read, and the packet that its predecessors made. */
  #draft = new PacketDraft();
  #open = new PacketDraft();
  #layer = this.#draft.layers[0] as PacketLayer;
  #nesting = 0;
  /** Whether packets of this capture carry a stamp or number: then a bare head line is a packet inside the one before. */
  #stamped = false;
  /** Within the text dump of -A. */
  inDump = false;
  /** The capture has such dumps: not each begins with an IP header. */
  #hasDumps = false;
  #thinning: DataThinning | undefined;
  /** Line numbers of a thinned slice's lines. */
  #lines: readonly number[] | undefined;
  #nextLine = 0;

  constructor(input: CaptureInput) {
    super(input);
    this.packets = new PacketColumns(input.file, input.device);
  }

  get isOpen(): boolean {
    return this.#open.depth > 0;
  }

  /** The open packet's last layer lacks its addresses: they come on this line. */
  get awaits(): boolean {
    return this.isOpen && (this.#open.layers[this.#open.depth - 1] as PacketLayer).headerOnly;
  }

  // ---- the draft: what stands before the packet ----

  begin(): boolean {
    const draft = this.#draft;
    draft.depth = 1;
    draft.device = '';
    draft.direction = '';
    this.#nesting = 1;
    this.#layer = draft.layers[0] as PacketLayer;
    this.#layer.reset();
    this.#layer.line = this.number;
    this.#clock.none();
    return true;
  }

  dated(text: string): boolean {
    return this.begin() && this.#clock.dated(text);
  }

  timed(time: string): boolean {
    return this.begin() && this.#clock.timed(time);
  }

  elapsed(sign: string, time: string): boolean {
    return this.begin() && this.#clock.difference(sign, time);
  }

  cooked(device: string, way: string): boolean {
    const direction = DIRECTIONS.get(way as 'In');
    if (direction === undefined) return false;
    this.#draft.device = device;
    this.#draft.direction = direction;
    return true;
  }

  macs(source: string, target: string): boolean {
    if (!MAC.test(source) || !(target === '' || target === 'Broadcast' || MAC.test(target))) return false;
    this.#layer.srcMac = source;
    if (target !== '') this.#layer.dstMac = target === 'Broadcast' ? 'ff:ff:ff:ff:ff:ff' : target;
    return true;
  }

  /** The outer tag is the one that a network device is configured with. */
  vlan(id: string): void {
    if (this.#layer.vlan < 0) this.#layer.vlan = Number(id) & 0xfff;
  }

  /** Begins the packet inside the current one. */
  enter(): boolean {
    this.#nesting += 1;
    if (this.#nesting > PacketDraft.MAX_DEPTH) return false;
    this.#draft.depth = this.#nesting;
    this.#layer = this.#draft.layers[this.#nesting - 1] as PacketLayer;
    this.#layer.reset();
    this.#layer.line = this.number;
    return true;
  }

  /** No packet was inside after all. Always false, for the rule goes on without. */
  leave(): boolean {
    this.#nesting -= 1;
    this.#draft.depth = this.#nesting;
    this.#layer = this.#draft.layers[this.#nesting - 1] as PacketLayer;
    return false;
  }

  // ---- the draft: network layer ----

  ends(source: string, target: string): boolean {
    const layer = this.#layer;
    if (target.charCodeAt(target.length - 1) !== 58) return false;
    return layer.src.read(source, source.length) && layer.dst.read(target, target.length - 1);
  }

  family(family: 4 | 6): boolean {
    this.#layer.family = family;
    return true;
  }

  await(): void {
    this.#layer.headerOnly = true;
  }

  header4(ttl: string, id: string, offset: string | null, flags: string | null, proto: unknown, tail: string): void {
    const layer = this.#layer;
    layer.family = 4;
    layer.ttl = Number(ttl) & 0xff;
    layer.ipId = Number(id) & 0xffff;
    if (flags !== null) layer.df = flags.includes('DF') ? 1 : 0;
    layer.isFragment = offset !== null && offset !== '0';
    if (typeof proto === 'string') layer.number = Number(proto);
    if (tail.includes('bad cksum')) layer.checksumBad = true;
    layer.proto = this.#byHeader();
  }

  header6(ttl: string, proto: string): void {
    const layer = this.#layer;
    layer.family = 6;
    layer.ttl = Number(ttl) & 0xff;
    layer.number = Number(proto);
  }

  /** An IPv6 fragment header; the first fragment (offset 0) still shows its transport layer. */
  fragment(offset: string): void {
    this.#layer.isFragment = !/^(0x[0-9a-f]+:)?0$/.test(offset);
  }

  ports(source: string, target: string): void {
    this.#layer.src.port = portNumber(source);
    this.#layer.dst.port = portNumber(target);
    this.#layer.proto = 'udp';
  }

  #byHeader(): Protocol {
    const layer = this.#layer;
    return layer.isFragment ? 'fragment' : (protocolOf(layer.number) ?? 'other');
  }

  arpRequest(target: string, sender: string): void {
    const layer = this.#layer;
    layer.proto = 'arp';
    layer.arpOp = 'request';
    layer.aboutAddress = target;
    layer.src.read(sender, sender.length);
    layer.dst.read(target, target.length);
  }

  arpReply(address: string, mac: string): void {
    const layer = this.#layer;
    layer.proto = 'arp';
    layer.arpOp = 'reply';
    layer.aboutAddress = address;
    layer.src.read(address, address.length);
    layer.arpMac = mac;
  }

  // ---- the draft: transport layer ----

  proto(proto: Protocol): void {
    this.#layer.proto = proto;
  }

  badChecksum(): void {
    this.#layer.checksumBad = true;
  }

  /** What follows `Flags [`: `S.], cksum 0x1 (incorrect -> 0x2), seq 1:2, ack 3, win 4, options […], length 1` (print-tcp.c). */
  tcp(fields: string): void {
    const layer = this.#layer;
    layer.proto = 'tcp';
    const end = fields.indexOf(']');
    const flags = fields.slice(0, Math.max(end, 0));
    layer.flags = flags === 'none' ? '' : flags;
    let at = end + 1;
    if (fields.startsWith(', cksum 0x', at)) {
      const close = fields.indexOf(')', at);
      if (fields.startsWith('(incorrect', fields.indexOf('(', at))) layer.checksumBad = true;
      at = close + 1;
    }
    if (fields.startsWith(', seq ', at)) {
      layer.seq = uint32(fields, at + 6);
      at = fields.indexOf(',', at + 7);
    }
    if (at > 0 && fields.startsWith(', ack ', at)) layer.ack = uint32(fields, at + 6);
    // A header that is longer than its packet has its own "length" in "bad hdr length".
    const length = fields.indexOf(', length ', Math.max(at, 0));
    layer.length = length < 0 ? -1 : uint32(fields, length + 9);
  }

  oldTcp(flags: string, range: readonly string[] | null, ack: string | null): void {
    const layer = this.#layer;
    layer.proto = 'tcp';
    // Before 4.0 the dot means "no flag"; an acknowledgement is told by its number alone.
    const letters = flags.replace('.', '');
    layer.flags = ack === null ? letters : `${letters}.`;
    if (range !== null) {
      layer.seq = Number(range[0]);
      layer.length = Number(range[1]);
    } else layer.length = 0;
    if (ack !== null) layer.ack = Number(ack);
  }

  shortTcp(length: string): void {
    this.#layer.proto = 'tcp';
    this.#layer.length = Number(length);
  }

  udp(length: string): void {
    this.#layer.proto = 'udp';
    this.#layer.length = Number(length);
  }

  esp(spi: string, seq: string | null, length: string | null): void {
    this.#security('esp', spi, seq);
    if (length !== null && /^\d+$/.test(length)) this.#layer.length = Number(length);
  }

  ah(spi: string, seq: string | null): void {
    this.#security('ah', spi, seq);
  }

  /** A masked SPI (a log's `0xSPISPI`) stays unknown. */
  #security(proto: Protocol, spi: string, seq: string | null): void {
    const layer = this.#layer;
    layer.proto = proto;
    if (/^[0-9a-f]{1,8}$/.test(spi)) layer.spi = Number.parseInt(spi, 16);
    if (seq !== null) layer.espSeq = Number.parseInt(seq, 16) >>> 0;
  }

  vxlan(vni: string): void {
    this.#layer.proto = 'vxlan';
    this.#layer.vni = Number(vni);
    this.#layer.innerFollows = true;
  }

  geneve(vni: string): void {
    this.#layer.proto = 'geneve';
    this.#layer.vni = Number.parseInt(vni, 16) >>> 0;
  }

  gre(fields: string): void {
    this.#layer.proto = 'gre';
    this.#layer.length = lengthIn(fields);
  }

  /** A decode without a rule of its own. */
  anyBody(text: string): void {
    const layer = this.#layer;
    if (layer.isFragment || /^ ?(ip-proto-\d+|tcp|udp|icmp|igmp|esp)$/.test(text)) layer.proto = 'fragment';
    else if (layer.number >= 0) layer.proto = protocolOf(layer.number) ?? 'other';
    else if (text.includes('[|tcp]') || text.includes('tcp [bad hdr')) layer.proto = 'tcp';
    else if (text.startsWith('DCCP') || text.startsWith('dccp')) layer.proto = 'other';
    else layer.proto = layer.src.port >= 0 || layer.dst.port >= 0 || text.includes('[|udp]') ? 'udp' : 'other';
  }

  icmpEcho(kind: string, id: string | null, seq: string | null, tail: string): void {
    this.#echo('icmp', kind, id, seq, tail);
  }

  icmp6Echo(kind: string, id: string | null, seq: string | null, tail: string): void {
    this.#echo('icmp6', kind, id, seq, tail);
  }

  #echo(proto: Protocol, kind: string, id: string | null, seq: string | null, tail: string): void {
    const layer = this.#layer;
    layer.proto = proto;
    layer.icmp = kind === 'request' ? 'echo request' : 'echo reply';
    if (id !== null && /^\d{1,5}$/.test(id)) layer.icmpId = Number(id) & 0xffff;
    if (seq !== null) layer.icmpSeq = Number(seq) & 0xffff;
    if (tail.includes('wrong icmp cksum')) layer.checksumBad = true;
    layer.length = lengthIn(tail);
  }

  icmpOther(what: string, about?: string): void {
    this.#icmp('icmp', what, about);
  }

  icmp6Other(what: string): void {
    this.#icmp('icmp6', what);
  }

  icmpError(what: string, about?: string, proto?: string, port?: string): void {
    this.#icmp('icmp', what, about, proto, port);
  }

  icmp6Error(what: string, about?: string | null, proto?: string, port?: string): void {
    this.#icmp('icmp6', what, about ?? undefined, proto, port);
  }

  #icmp(layerProto: Protocol, what: string, about?: string, proto?: string, port?: string): void {
    const layer = this.#layer;
    layer.proto = layerProto;
    layer.icmp = what;
    // Where the snapshot ends before the address there stands "[|icmp]".
    layer.aboutAddress = about?.startsWith('[') ? undefined : about;
    layer.aboutProto = proto;
    layer.aboutPort = port === undefined ? -1 : portNumber(port);
  }

  neighbour(op: '' | 'request' | 'reply', what: string, about: string | null | undefined): void {
    this.#icmp('nd', what);
    if (op === '' || about === null || about === undefined) return;
    this.#layer.arpOp = op;
    this.#layer.aboutAddress = about;
  }

  mtu(mtu: string | null): void {
    if (mtu !== null) this.#layer.mtu = Number(mtu) >>> 0;
  }

  // ---- a line has matched ----

  /** A head line with stamp or number. */
  packet(): void {
    this.#stamped = true;
    this.#head();
  }

  /** A head line without: of `-t`, or of the packet inside the one before. */
  unstamped(): void {
    const last = this.#open.layers[this.#open.depth - 1];
    if (this.isOpen && (this.#stamped || last?.innerFollows)) this.inside();
    else this.#head();
  }

  #head(): void {
    this.#flush();
    this.inDump = false;
    this.records += 1;
    const draft = this.#draft;
    draft.time = this.#clock.time;
    draft.elapsed = this.#clock.elapsed;
    this.#settle(draft);
    this.#draft = this.#open;
    this.#open = draft;
  }

  /** The second line of a -v packet: the addresses and what follows them. */
  body(): void {
    const header = this.#open.layers[this.#open.depth - 1] as PacketLayer;
    const first = this.#draft.layers[0] as PacketLayer;
    first.takeHeader(header);
    if (first.isFragment || (first.proto === 'other' && first.number >= 0))
      first.proto = first.isFragment ? 'fragment' : (protocolOf(first.number) ?? 'other');
    this.#settle(this.#draft);
    this.#open.depth -= 1;
    this.#open.take(this.#draft);
  }

  /** A packet inside the open one, on a line of its own. */
  inside(): void {
    this.#settle(this.#draft);
    (this.#open.layers[this.#open.depth - 1] as PacketLayer).innerFollows = false;
    this.#open.take(this.#draft);
  }

  /** What only the whole line tells: whether a name ends in a port. */
  #settle(draft: PacketDraft): void {
    for (let i = 0; i < draft.depth; i += 1) {
      const layer = draft.layers[i] as PacketLayer;
      if (layer.src.family !== 1 && layer.dst.family !== 1) continue;
      const partner = layer.src.family === 1 ? layer.dst : layer.src;
      if (!PORT_PROTOCOLS.has(layer.proto) && partner.port < 0) continue;
      layer.src.splitName();
      layer.dst.splitName();
    }
  }

  #flush(): void {
    if (this.#open.depth > 0) this.packets.append(this.#open);
    this.#open.depth = 0;
  }

  /** A line without rule: within or at the beginning of an -A dump it is payload. */
  override raw(text: string): void {
    if (this.isOpen && (this.#hasDumps || DUMP_START.test(text))) {
      this.inDump = true;
      this.#hasDumps = true;
      this.ignore();
    } else super.raw(text);
  }

  /** A slice as the grammar gets it: of a large capture without the plain data that is only counted. */
  thin(slice: string): string {
    if (!this.packets.isLarge) return slice;
    this.#thinning ??= new DataThinning();
    const { text, lines, dropped } = this.#thinning.thin(slice, this.line, this.packets.isFull);
    this.records += dropped;
    this.packets.countedOnly += dropped;
    this.#lines = lines;
    this.#nextLine = 1;
    this.line = lines[0] as number;
    return text;
  }

  override next(): void {
    if (this.#lines === undefined) this.line += 1;
    else {
      this.line = this.#lines[this.#nextLine] ?? this.line + 1;
      this.#nextLine += 1;
    }
  }

  listening(device: string): void {
    this.ignore();
    this.packets.device ??= device;
  }

  /** tcpdump's own counts. Packets that the kernel dropped say that the capture has gaps. */
  counted(count: string, what: string): void {
    if (count !== '0' && what.startsWith('dropped')) this.tool(`${count} packets ${what}`);
    else this.ignore();
  }

  finish(): PacketColumns {
    this.#flush();
    this.packets.clock = this.#clock.kind;
    if (this.#clock.kind === 'start' && this.#clock.fallsBack) this.packets.sumDifferences();
    return this.packets;
  }
}

/** The number that begins at a place of the text; -1 where there is none of 32 bits. */
const uint32 = (text: string, from: number): number => {
  let value = -1;
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i) - 48;
    if (code < 0 || code > 9) break;
    value = value < 0 ? code : value * 10 + code;
  }
  return value > 0xffffffff ? -1 : value;
};

/** N of the first `length N` behind a place; -1 where there is none. */
const lengthIn = (text: string, from = 0): number => {
  const at = text.indexOf('length ', from);
  return at < 0 ? -1 : uint32(text, at + 7);
};

const HEAD =
  /^(?: *\d+ {2})?(?:[ -]?(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{6,9} |\d{9,10}\.\d{6,9} )?(?:\S+ +(?:In|Out|B|M|P) +)?(?:IP6? .*(?: > |\(tos )|ARP, |[0-9a-f:]{17} > [0-9a-f:]{17}, ethertype )/m;
const LISTENING =
  /^(?:tcpdump: )?(?:listening on \S+, link-type|verbose output suppressed, use -v|reading from file .*, link-type)/m;

const sniff = (head: string): CaptureKind | undefined =>
  HEAD.test(head) || LISTENING.test(head) ? 'tcpdump' : undefined;

/** tcpdump's text output. */
export const tcpdump: CaptureModule = {
  programs: 'tcpdump',
  precedence: 200,
  mask: tcpdumpMask,
  formats: [
    {
      kind: 'tcpdump',
      words: [{ words: 'tcpdump' }, { words: 'packets|capture|sniff', common: true }],
      paths: [/(?:^|\/)(?:tcpdump|pcaps?|captures?|packets)\/(?<device>[^/]+)\.(?:txt|log|out)$/],
      firstLine: /^(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{6} (?:\S+ +(?:In|Out|P|B|M) +)?(?:IP6?|ARP)\b/,
      nameDecides: 'always',
      scope: 'namespace',
      collect: 'tcpdump -i any -nn -tttt -v',
    },
  ],
  open: (input) => {
    const sink = new TcpdumpSink(input);
    const reader = grammarReader(input, sink, parse, () => ({ packets: sink.finish() }));
    return { read: (slice) => reader.read(sink.thin(slice)), end: () => reader.end() };
  },
  sniff,
};
