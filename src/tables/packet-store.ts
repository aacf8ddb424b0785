import type { AddressSeen, PacketView } from '../records/packet.ts';
import { canonicalAddress, ipv4ToNumber, numberToIpv4 } from './address.ts';
import { Column } from './column.ts';
import { flatten, Interner } from './interner.ts';
import { type Endpoint, type PacketDraft, type PacketLayer, PROTOCOLS, type Protocol } from './packet-layer.ts';

/** Addresses by device and direction that are told apart: more are a scan's. */
const MOST_ADDRESSES = 20_000;
const DIRECTIONS = [undefined, 'in', 'out', 'broadcast', 'multicast', 'other'] as const;
const PROTOCOL_INDEX = new Map<Protocol, number>(PROTOCOLS.map((name, i) => [name, i]));

// The `what` column: what is small or says whether another column holds something.
const FAMILY_SHIFT = 4;
const DIRECTION_SHIFT = 6;
const SRC_IS_IPV4 = 1 << 9;
const SRC_IS_TEXT = 1 << 10;
const DST_IS_IPV4 = 1 << 11;
const DST_IS_TEXT = 1 << 12;
const HAS_SPORT = 1 << 13;
const HAS_DPORT = 1 << 14;
const HAS_SEQ = 1 << 15;
const HAS_ACK = 1 << 16;
const HAS_LENGTH = 1 << 17;
const HAS_TTL = 1 << 18;
const HAS_IP_ID = 1 << 19;
const DF_KNOWN = 1 << 20;
const DF = 1 << 21;
const HAS_SPI = 1 << 22;
const HAS_VNI = 1 << 23;
const HAS_ICMP_ID = 1 << 24;
const HAS_ICMP_SEQ = 1 << 25;
const HAS_VLAN = 1 << 26;
const BAD_CHECKSUM = 1 << 27;
const ARP_REQUEST = 1 << 28;
const ARP_REPLY = 1 << 29;
const HAS_ABOUT_PORT = 1 << 30;

/** Texts of one capture: addresses in canonical form, and all others. Id 0 is "none". */
export class PacketTexts {
  readonly #interner = new Interner();
  readonly #addresses = new Map<string, number>();

  constructor() {
    this.#interner.id('');
  }

  id(text: string | undefined): number {
    return text === undefined ? 0 : this.#interner.id(text);
  }

  /** The id of an address's canonical form; of the text itself where it is a name. */
  address(text: string): number {
    const known = this.#addresses.get(text);
    if (known !== undefined) return known;
    const own = flatten(text);
    const id = this.#interner.id(canonicalAddress(own) ?? own);
    this.#addresses.set(own, id);
    return id;
  }

  text(id: number): string | undefined {
    return id === 0 ? undefined : this.#interner.text(id);
  }

  some(id: number): string {
    return this.#interner.text(id);
  }
}

/** Rows of packet layers in columns. Columns that a capture does not fill cost nothing. */
export class PacketStore {
  count = 0;
  readonly #texts: PacketTexts;
  readonly #file: string;
  /** The rows are records of a binary capture, and no lines. */
  binary = false;
  /** Names of devices of which the capture tells the number alone. */
  deviceNames: ReadonlyMap<number, string> | undefined;
  readonly #line = new Column(Uint32Array);
  readonly #what = new Column(Uint32Array);
  readonly #time = new Column(Float64Array);
  readonly #device = new Column(Uint16Array);
  readonly #ifindex = new Column(Uint32Array);
  readonly #src = new Column(Uint32Array);
  readonly #dst = new Column(Uint32Array);
  readonly #sport = new Column(Uint16Array);
  readonly #dport = new Column(Uint16Array);
  readonly #flags = new Column(Uint16Array);
  readonly #seq = new Column(Uint32Array);
  readonly #ack = new Column(Uint32Array);
  readonly #length = new Column(Uint32Array);
  readonly #ttl = new Column(Uint8Array);
  readonly #ipId = new Column(Uint16Array);
  readonly #spi = new Column(Uint32Array);
  readonly #espSeq = new Column(Uint32Array);
  readonly #vni = new Column(Uint32Array);
  readonly #vlan = new Column(Uint16Array);
  readonly #mtu = new Column(Uint32Array);
  readonly #icmp = new Column(Uint32Array);
  readonly #icmpId = new Column(Uint16Array);
  readonly #icmpSeq = new Column(Uint16Array);
  readonly #about = new Column(Uint32Array);
  readonly #aboutProto = new Column(Uint32Array);
  readonly #aboutPort = new Column(Uint16Array);
  readonly #arpMac = new Column(Uint32Array);
  readonly #srcMac = new Column(Uint32Array);
  readonly #dstMac = new Column(Uint32Array);
  /** The row of the packet inside, in the store of inner packets, plus one. */
  readonly #inner = new Column(Uint32Array);

  constructor(file: string, texts: PacketTexts) {
    this.#file = file;
    this.#texts = texts;
  }

  /** Stores a layer; `inner` is the row of the packet inside it plus one. Time is NaN where none was printed. */
  add(layer: PacketLayer, draft: PacketDraft, time: number, inner: number): number {
    const row = this.count;
    this.count += 1;
    let what =
      (PROTOCOL_INDEX.get(layer.proto) ?? 0) | (DIRECTIONS.indexOf(draft.direction || undefined) << DIRECTION_SHIFT);
    const { src, dst } = layer;
    const family = src.family > 1 ? src.family : layer.family;
    if (family !== 0) what |= (family === 4 ? 1 : 2) << FAMILY_SHIFT;
    if (src.family !== 0) {
      what |= src.family === 4 ? SRC_IS_IPV4 : SRC_IS_TEXT;
      this.#src.set(row, this.#endpoint(src));
    }
    if (dst.family !== 0) {
      what |= dst.family === 4 ? DST_IS_IPV4 : DST_IS_TEXT;
      this.#dst.set(row, this.#endpoint(dst));
    }
    if (src.port >= 0) {
      what |= HAS_SPORT;
      this.#sport.set(row, src.port);
    }
    if (dst.port >= 0) {
      what |= HAS_DPORT;
      this.#dport.set(row, dst.port);
    }
    if (layer.flags !== '') this.#flags.set(row, this.#texts.id(layer.flags));
    if (layer.seq >= 0) {
      what |= HAS_SEQ;
      this.#seq.set(row, layer.seq);
    }
    if (layer.ack >= 0) {
      what |= HAS_ACK;
      this.#ack.set(row, layer.ack);
    }
    if (layer.length >= 0) {
      what |= HAS_LENGTH;
      this.#length.set(row, layer.length);
    }
    if (layer.ttl >= 0) {
      what |= HAS_TTL;
      this.#ttl.set(row, layer.ttl);
    }
    if (layer.ipId >= 0) {
      what |= HAS_IP_ID;
      this.#ipId.set(row, layer.ipId);
    }
    if (layer.df >= 0) what |= layer.df === 1 ? DF_KNOWN | DF : DF_KNOWN;
    if (layer.checksumBad) what |= BAD_CHECKSUM;
    if (layer.spi >= 0) {
      what |= HAS_SPI;
      this.#spi.set(row, layer.spi);
    }
    if (layer.espSeq > 0) this.#espSeq.set(row, layer.espSeq);
    if (layer.vni >= 0) {
      what |= HAS_VNI;
      this.#vni.set(row, layer.vni);
    }
    if (layer.vlan >= 0) {
      what |= HAS_VLAN;
      this.#vlan.set(row, layer.vlan);
    }
    if (layer.icmp !== undefined) what |= this.#addIcmp(row, layer);
    if (layer.arpOp !== '') {
      what |= layer.arpOp === 'request' ? ARP_REQUEST : ARP_REPLY;
      this.#about.set(row, this.#address(layer.aboutAddress));
      if (layer.arpMac !== undefined) this.#arpMac.set(row, this.#texts.id(layer.arpMac));
    }
    if (layer.srcMac !== undefined) this.#srcMac.set(row, this.#texts.id(layer.srcMac));
    if (layer.dstMac !== undefined) this.#dstMac.set(row, this.#texts.id(layer.dstMac));
    this.#line.set(row, layer.line);
    this.#what.set(row, what);
    this.setTime(row, time);
    if (draft.device !== '') this.#device.set(row, this.#texts.id(draft.device));
    else if (draft.ifindex > 0) this.#ifindex.set(row, draft.ifindex);
    if (inner > 0) this.#inner.set(row, inner);
    return row;
  }

  /** 0 is what an unset cell reads, so it stands for "no time"; a real 0 is stored as the smallest number. */
  setTime(row: number, time: number): void {
    this.#time.set(row, Number.isNaN(time) ? 0 : time === 0 ? Number.MIN_VALUE : time);
  }

  #endpoint(endpoint: Endpoint): number {
    return endpoint.family === 4 ? endpoint.number : this.#texts.address(endpoint.text);
  }

  #address(text: string | undefined): number {
    return text === undefined ? 0 : this.#texts.address(text);
  }

  #addIcmp(row: number, layer: PacketLayer): number {
    let what = 0;
    this.#icmp.set(row, this.#texts.id(layer.icmp));
    if (layer.icmpId >= 0) {
      what |= HAS_ICMP_ID;
      this.#icmpId.set(row, layer.icmpId);
    }
    if (layer.icmpSeq >= 0) {
      what |= HAS_ICMP_SEQ;
      this.#icmpSeq.set(row, layer.icmpSeq);
    }
    if (layer.aboutAddress !== undefined) this.#about.set(row, this.#address(layer.aboutAddress));
    if (layer.aboutProto !== undefined) this.#aboutProto.set(row, this.#texts.id(layer.aboutProto));
    if (layer.aboutPort >= 0) {
      what |= HAS_ABOUT_PORT;
      this.#aboutPort.set(row, layer.aboutPort);
    }
    if (layer.mtu > 0) this.#mtu.set(row, layer.mtu);
    return what;
  }

  /** Whether the row's own layer names the address: as source, destination, ARP or ND target, or in an ICMP error. */
  holds(row: number, address: string): boolean {
    const what = this.#what.get(row);
    const number = ipv4ToNumber(address);
    if (number !== undefined) {
      if ((what & SRC_IS_IPV4) !== 0 && this.#src.get(row) === number) return true;
      if ((what & DST_IS_IPV4) !== 0 && this.#dst.get(row) === number) return true;
    } else {
      const id = this.#texts.address(address);
      if ((what & SRC_IS_TEXT) !== 0 && this.#src.get(row) === id) return true;
      if ((what & DST_IS_TEXT) !== 0 && this.#dst.get(row) === id) return true;
    }
    const about = this.#about.get(row);
    return about !== 0 && this.#texts.text(about) === address;
  }

  /**
   * The places at which each address was seen, by device and direction. Numbers only while the rows are looked through: one Map access for each end of a packet
   * that differs from the packet before.
   */
  addressesSeen(device: string | undefined): readonly AddressSeen[] {
    const places = new Map<number, Map<number, { row: number; packets: number }>>();
    let distinct = 0;
    const note = (place: number, value: number, row: number): void => {
      let here = places.get(place);
      if (!here) {
        here = new Map();
        places.set(place, here);
      }
      const known = here.get(value);
      if (known) known.packets += 1;
      else if (distinct < MOST_ADDRESSES) {
        here.set(value, { row, packets: 1 });
        distinct += 1;
      }
    };
    for (let row = 0; row < this.count; row += 1) {
      const what = this.#what.get(row);
      const proto = PROTOCOLS[what & 15];
      if (proto === 'arp' || proto === 'nd') continue;
      const place = (this.#device.get(row) << 6) | (((what >>> DIRECTION_SHIFT) & 7) << 2);
      if ((what & (SRC_IS_IPV4 | SRC_IS_TEXT)) !== 0)
        note(place | ((what & SRC_IS_IPV4) !== 0 ? 1 : 0), this.#src.get(row), row);
      if ((what & (DST_IS_IPV4 | DST_IS_TEXT)) !== 0)
        note(place | 2 | ((what & DST_IS_IPV4) !== 0 ? 1 : 0), this.#dst.get(row), row);
    }
    return [...places].flatMap(([place, here]) =>
      [...here].map(([value, { row, packets }]) => ({
        address: (place & 1) !== 0 ? numberToIpv4(value) : this.#texts.some(value),
        as: (place & 2) !== 0 ? ('dst' as const) : ('src' as const),
        device: this.#texts.text(place >>> 6) ?? device,
        direction: DIRECTIONS[(place >>> 2) & 7],
        row,
        packets,
      })),
    );
  }

  innerOf(row: number): number {
    return this.#inner.get(row);
  }

  isProtocol(row: number, proto: Protocol): boolean {
    return PROTOCOLS[this.#what.get(row) & 15] === proto;
  }

  flags(row: number): string {
    return this.#texts.some(this.#flags.get(row));
  }

  icmp(row: number): string | undefined {
    return this.#texts.text(this.#icmp.get(row));
  }

  view(row: number, absolute: boolean, device: string | undefined, inners: PacketStore): PacketView {
    const what = this.#what.get(row);
    const has = (bit: number, column: Column): number | undefined => ((what & bit) !== 0 ? column.get(row) : undefined);
    const time = this.#time.get(row);
    const inner = this.#inner.get(row);
    const own = this.#texts.text(this.#device.get(row)) ?? this.deviceNames?.get(this.#ifindex.get(row)) ?? device;
    const line = this.#line.get(row);
    const family = (what >>> FAMILY_SHIFT) & 3;
    const about = this.#texts.text(this.#about.get(row));
    const isArp = (what & (ARP_REQUEST | ARP_REPLY)) !== 0;
    return {
      source: this.binary ? { file: this.#file, line, unit: 'packet' } : { file: this.#file, line },
      time: time === 0 ? undefined : time === Number.MIN_VALUE ? 0 : time,
      absolute: absolute && time !== 0,
      device: own,
      direction: DIRECTIONS[(what >>> DIRECTION_SHIFT) & 7],
      family: family === 0 ? undefined : family === 1 ? 4 : 6,
      proto: PROTOCOLS[what & 15] as string,
      src: this.#addressText(what, SRC_IS_IPV4, SRC_IS_TEXT, this.#src.get(row)),
      dst: this.#addressText(what, DST_IS_IPV4, DST_IS_TEXT, this.#dst.get(row)),
      sport: has(HAS_SPORT, this.#sport),
      dport: has(HAS_DPORT, this.#dport),
      tcpFlags: this.#texts.text(this.#flags.get(row)),
      seq: has(HAS_SEQ, this.#seq),
      ack: has(HAS_ACK, this.#ack),
      length: has(HAS_LENGTH, this.#length),
      ttl: has(HAS_TTL, this.#ttl),
      ipId: has(HAS_IP_ID, this.#ipId),
      df: (what & DF_KNOWN) === 0 ? undefined : (what & DF) !== 0,
      spi: has(HAS_SPI, this.#spi),
      espSeq: this.#espSeq.get(row) || undefined,
      vni: has(HAS_VNI, this.#vni),
      icmp: this.icmp(row),
      icmpId: has(HAS_ICMP_ID, this.#icmpId),
      icmpSeq: has(HAS_ICMP_SEQ, this.#icmpSeq),
      icmpAbout:
        about === undefined || isArp
          ? undefined
          : {
              dst: about,
              proto: this.#texts.text(this.#aboutProto.get(row)),
              port: has(HAS_ABOUT_PORT, this.#aboutPort),
            },
      mtu: this.#mtu.get(row) || undefined,
      arp:
        isArp && about !== undefined
          ? {
              op: (what & ARP_REQUEST) !== 0 ? 'request' : 'reply',
              target: about,
              sender:
                (what & ARP_REQUEST) !== 0
                  ? this.#addressText(what, SRC_IS_IPV4, SRC_IS_TEXT, this.#src.get(row))
                  : undefined,
              mac: this.#texts.text(this.#arpMac.get(row)),
            }
          : undefined,
      srcMac: this.#texts.text(this.#srcMac.get(row)),
      dstMac: this.#texts.text(this.#dstMac.get(row)),
      vlan: has(HAS_VLAN, this.#vlan),
      checksumBad: (what & BAD_CHECKSUM) !== 0,
      inner: inner === 0 ? undefined : inners.view(inner - 1, absolute, device, inners),
    };
  }

  #addressText(what: number, ipv4: number, text: number, value: number): string | undefined {
    return (what & ipv4) !== 0 ? numberToIpv4(value) : (what & text) !== 0 ? this.#texts.some(value) : undefined;
  }
}
