import { servicePort } from './service-ports.ts';

/** Layers as PacketView.proto names them; a layer holds the index. */
export const PROTOCOLS = [
  'other',
  'tcp',
  'udp',
  'icmp',
  'icmp6',
  'esp',
  'ah',
  'gre',
  'ipip',
  'vxlan',
  'geneve',
  'sctp',
  'arp',
  'nd',
  'fragment',
] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** IP protocol numbers (IANA) of the layers above, for what a header alone tells. */
const BY_NUMBER: ReadonlyMap<number, Protocol> = new Map([
  [1, 'icmp'],
  [4, 'ipip'],
  [6, 'tcp'],
  [17, 'udp'],
  [41, 'ipip'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'icmp6'],
  [132, 'sctp'],
]);
export const protocolOf = (number: number): Protocol | undefined => BY_NUMBER.get(number);

/** An address and port as tcpdump prints them in one word: `10.0.0.1.80`, `fe80::1.546`, `node.example.com.https`. */
export class Endpoint {
  /** 0 where there is none, 4 or 6, 1 where it is a name. */
  family = 0;
  /** The IPv4 address as number. */
  number = 0;
  /** An IPv6 address or a name, uninterned. */
  text = '';
  /** -1 where none is printed. */
  port = -1;

  clear(): void {
    this.family = 0;
    this.text = '';
    this.port = -1;
  }

  /** Reads the first `length` characters of the word; false where they cannot be an endpoint. */
  read(word: string, length: number): boolean {
    this.clear();
    return length > 0 && (this.#readIpv4(word, length) || this.#readText(word, length));
  }

  #readIpv4(word: string, length: number): boolean {
    let value = 0;
    let part = 0;
    let dots = 0;
    let begin = 0;
    let i = 0;
    for (; i < length; i += 1) {
      const code = word.charCodeAt(i);
      if (code >= 48 && code <= 57) part = part * 10 + (code - 48);
      else if (code === 46 && i > begin && dots < 4 && part < 256) {
        value = value * 256 + part;
        part = 0;
        dots += 1;
        begin = i + 1;
      } else break;
    }
    if (dots < 3 || begin === length) return false;
    if (dots === 3) {
      if (i < length || part > 255) return false;
      value = value * 256 + part;
    } else if (i === length) {
      if (part > 65535) return false;
      this.port = part;
    } else {
      const port = servicePort(word.slice(begin, length));
      if (port === undefined && word.indexOf('.', begin) >= 0) return false;
      this.port = port ?? -1;
    }
    this.family = 4;
    this.number = value;
    return true;
  }

  #readText(word: string, length: number): boolean {
    const colon = word.lastIndexOf(':', length - 1);
    if (colon < 0) {
      this.family = 1;
      this.text = word.slice(0, length);
      return true;
    }
    // An IPv6 address may end as an IPv4 one: one dot or four after the last colon mean a port.
    let dots = 0;
    let last = -1;
    for (let i = colon + 1; i < length; i += 1)
      if (word.charCodeAt(i) === 46) {
        dots += 1;
        last = i;
      }
    const hasPort = dots === 1 || dots === 4;
    this.family = 6;
    this.text = word.slice(0, hasPort ? last : length);
    if (hasPort) this.port = portNumber(word.slice(last + 1, length));
    return /^[0-9a-fA-F:.]+(%[^ ]*)?$/.test(this.text);
  }

  /** A name with a port has it behind its last dot; only the protocol tells whether there is one. */
  splitName(): void {
    const dot = this.text.lastIndexOf('.');
    if (this.family !== 1 || this.port >= 0 || dot <= 0) return;
    const port = portNumber(this.text.slice(dot + 1));
    this.text = this.text.slice(0, dot);
    this.port = port;
  }
}

/** A port as number or service name; -1 where unknown. */
export const portNumber = (text: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : (servicePort(text) ?? -1);
  return port > 65535 ? -1 : port;
};

/** One layer while its line is read: numbers are -1 and texts undefined where nothing was printed. */
export class PacketLayer {
  /** 1-based line that names the layer. */
  line = 0;
  readonly src = new Endpoint();
  readonly dst = new Endpoint();
  proto: Protocol = 'other';
  /** 4 or 6 where a header or the word before the addresses told; 0 otherwise. */
  family = 0;
  /** IP protocol number of a -v header. */
  number = -1;
  /** Header read, addresses still to come on the next line. */
  headerOnly = false;
  /** The packet inside comes on the next line. */
  innerFollows = false;
  isFragment = false;
  checksumBad = false;
  flags = '';
  seq = -1;
  ack = -1;
  length = -1;
  ttl = -1;
  ipId = -1;
  /** -1 unknown, 0 not set, 1 set. */
  df = -1;
  spi = -1;
  espSeq = -1;
  vni = -1;
  vlan = -1;
  mtu = -1;
  icmp: string | undefined;
  icmpId = -1;
  icmpSeq = -1;
  aboutAddress: string | undefined;
  aboutProto: string | undefined;
  aboutPort = -1;
  /** '' where it is none. */
  arpOp: '' | 'request' | 'reply' = '';
  arpMac: string | undefined;
  srcMac: string | undefined;
  dstMac: string | undefined;

  reset(): void {
    this.src.clear();
    this.dst.clear();
    this.proto = 'other';
    this.family = 0;
    this.number = -1;
    this.headerOnly = false;
    this.innerFollows = false;
    this.isFragment = false;
    this.checksumBad = false;
    this.flags = '';
    this.seq = -1;
    this.ack = -1;
    this.length = -1;
    this.ttl = -1;
    this.ipId = -1;
    this.df = -1;
    this.spi = -1;
    this.espSeq = -1;
    this.vni = -1;
    this.vlan = -1;
    this.mtu = -1;
    this.icmp = undefined;
    this.icmpId = -1;
    this.icmpSeq = -1;
    this.aboutAddress = undefined;
    this.aboutProto = undefined;
    this.aboutPort = -1;
    this.arpOp = '';
    this.arpMac = undefined;
    this.srcMac = undefined;
    this.dstMac = undefined;
  }

  /** Takes what a header line told into this layer, whose addresses the next line brought. */
  takeHeader(header: PacketLayer): void {
    this.family ||= header.family;
    this.number = header.number;
    this.ttl = header.ttl;
    this.ipId = header.ipId;
    this.df = header.df;
    this.vlan = header.vlan;
    this.srcMac = header.srcMac;
    this.dstMac = header.dstMac;
    this.isFragment ||= header.isFragment;
    this.checksumBad ||= header.checksumBad;
  }
}

/** One packet while its lines are read: its layers from the outside in, and what stands before them. */
export class PacketDraft {
  static readonly MAX_DEPTH = 8;
  readonly layers: PacketLayer[] = Array.from({ length: PacketDraft.MAX_DEPTH }, () => new PacketLayer());
  depth = 0;
  /** Seconds; NaN where no time was printed. */
  time = Number.NaN;
  /** Seconds since the first packet, where the printed times are differences. */
  elapsed = 0;
  device = '';
  /** The device's number in its namespace, where the capture tells that and no name; 0 otherwise. */
  ifindex = 0;
  direction: '' | 'in' | 'out' | 'broadcast' | 'multicast' | 'other' = '';

  /** Puts the other draft's layers behind this one's own; they change places, nothing is copied. */
  take(other: PacketDraft): void {
    for (let i = 0; i < other.depth && this.depth < PacketDraft.MAX_DEPTH; i += 1) {
      const own = this.layers[this.depth] as PacketLayer;
      this.layers[this.depth] = other.layers[i] as PacketLayer;
      other.layers[i] = own;
      this.depth += 1;
    }
  }
}
