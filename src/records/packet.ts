import type { Source } from './source.ts';

/** One layer of a packet as tcpdump decoded it; an encapsulated packet hangs below as `inner`. */
export interface PacketView {
  readonly source: Source;
  /** Seconds; since the epoch where the capture tells the date, since midnight otherwise. Undefined where no time was printed. */
  readonly time: number | undefined;
  /** True where `time` counts from the epoch. */
  readonly absolute: boolean;
  /** Device of a `-i any` capture or of the capture's file name; undefined where unknown. */
  readonly device: string | undefined;
  readonly direction: 'in' | 'out' | 'broadcast' | 'multicast' | 'other' | undefined;
  readonly family: 4 | 6 | undefined;
  /** tcp, udp, icmp, icmp6, esp, ah, gre, ipip, vxlan, geneve, sctp, arp, nd, fragment, other. */
  readonly proto: string;
  readonly src: string | undefined;
  readonly dst: string | undefined;
  readonly sport: number | undefined;
  readonly dport: number | undefined;
  /** tcpdump's flag letters: `S`, `S.`, `.`, `P.`, `F.`, `R`, `R.`. */
  readonly tcpFlags: string | undefined;
  readonly seq: number | undefined;
  readonly ack: number | undefined;
  /** Payload bytes (`length N` of TCP and UDP). */
  readonly length: number | undefined;
  readonly ttl: number | undefined;
  readonly ipId: number | undefined;
  readonly df: boolean | undefined;
  readonly spi: number | undefined;
  readonly espSeq: number | undefined;
  readonly vni: number | undefined;
  /** `echo request`, `echo reply`, `port unreachable`, `host unreachable`, `need to frag`, `time exceeded` … */
  readonly icmp: string | undefined;
  readonly icmpId: number | undefined;
  readonly icmpSeq: number | undefined;
  /** What an unreachable names: host, port. */
  readonly icmpAbout:
    | { readonly dst: string; readonly proto: string | undefined; readonly port: number | undefined }
    | undefined;
  readonly mtu: number | undefined;
  /** ARP: who-has target, teller, is-at MAC. */
  readonly arp:
    | {
        readonly op: 'request' | 'reply';
        readonly target: string;
        readonly sender: string | undefined;
        readonly mac: string | undefined;
      }
    | undefined;
  readonly srcMac: string | undefined;
  readonly dstMac: string | undefined;
  readonly vlan: number | undefined;
  readonly checksumBad: boolean;
  readonly inner: PacketView | undefined;
}

/** Where an address stood in the outermost IP header of a capture's packets; ARP and neighbour discovery do not count. */
export interface AddressSeen {
  readonly address: string;
  readonly as: 'src' | 'dst';
  readonly device: string | undefined;
  readonly direction: PacketView['direction'];
  /** The first row, and how many there are. */
  readonly row: number;
  readonly packets: number;
}

/** A capture in columns; rows are made into views on demand. */
export interface PacketTable {
  readonly file: string;
  readonly device: string | undefined;
  readonly count: number;
  /** Packets of a large capture that were read and counted but have no row; 0 or absent where every packet has one. */
  readonly countedOnly?: number;
  /** What the times count from: the epoch (the node's local time read as UTC where a date is printed), midnight, or the capture's first packet. */
  readonly clock?: 'epoch' | 'midnight' | 'start' | undefined;
  packet(row: number): PacketView;
  /** Names devices of which the capture tells their number in the namespace alone. */
  nameDevices?(names: ReadonlyMap<number, string>): void;
  /** Rows whose packet, or an inner packet of it, holds the address. */
  rowsWithAddress(address: string): readonly number[];
  /** Rows of TCP packets with SYN set (with and without ACK). */
  synRows(): readonly number[];
  /** Rows of TCP packets with RST set. */
  resetRows(): readonly number[];
  /** Rows of ICMP and ICMPv6 errors. */
  icmpErrorRows(): readonly number[];
  /** Which addresses were seen where; of a capture with more than some ten thousand of them the first. */
  addressesSeen(): readonly AddressSeen[];
  /** Rows of ARP and of IPv6 neighbour discovery, the first so many. */
  neighbourRows(most: number): readonly number[];
}
