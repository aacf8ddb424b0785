import type { Originated } from './origin.ts';
import type { Sourced } from './source.ts';

export interface IpvsCounters {
  readonly connections: number | undefined;
  readonly inPackets: number | undefined;
  readonly outPackets: number | undefined;
  readonly inBytes: number | undefined;
  readonly outBytes: number | undefined;
}

export interface RealServer extends Originated {
  readonly address: string;
  readonly port: number;
  readonly method: 'masq' | 'route' | 'tunnel' | 'local' | 'fullnat' | 'unknown';
  /** Undefined where the listing does not print it (`--stats`, `--rate`). */
  readonly weight: number | undefined;
  readonly active: number | undefined;
  readonly inactive: number | undefined;
  readonly counters: IpvsCounters | undefined;
  /** Per second, from `--rate`. */
  readonly rates?: IpvsCounters | undefined;
  /** Connections at which no new one is sent here, and below which it is again; 0: no limit (`--thresholds`). */
  readonly upperThreshold?: number | undefined;
  readonly lowerThreshold?: number | undefined;
  readonly persistentConnections?: number | undefined;
  /** Words behind the counts: `inhibited` (DPVS). */
  readonly flags?: readonly string[];
}

export interface VirtualService extends Originated {
  readonly family: 4 | 6;
  /** `fwmark` services have no address and port; `fwmark` holds the mark. */
  readonly proto: 'tcp' | 'udp' | 'sctp' | 'fwmark';
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly fwmark: number | undefined;
  readonly scheduler: string | undefined;
  /** Seconds of persistence; undefined where it is off. 0 where it is on and /proc/net/ip_vs gives it in jiffies of unknown length. */
  readonly persistent: number | undefined;
  readonly onePacket: boolean;
  readonly servers: readonly RealServer[];
  readonly counters: IpvsCounters | undefined;
  /** Per second, from `--rate`. */
  readonly rates?: IpvsCounters | undefined;
  /** Persistence engine: `sip`. */
  readonly engine?: string | undefined;
  /** Netmask, or prefix length of IPv6, that persistence applies to clients; undefined for single clients. */
  readonly persistentMask?: string | undefined;
  /** Further words as printed: `(sh-port)`, DPVS's `dest-check …`. */
  readonly flags?: readonly string[];
}

/** A row of `ipvsadm -Lnc` or /proc/net/ip_vs_conn. */
export interface IpvsConnection extends Sourced {
  readonly proto: string;
  /** Seconds until it expires. */
  readonly expire: number | undefined;
  readonly state: string;
  readonly client: string;
  readonly clientPort: number;
  readonly virtual: string;
  readonly virtualPort: number;
  readonly server: string;
  readonly serverPort: number;
  /** Persistence engine and its data. */
  readonly engine?: string | undefined;
  readonly engineData?: string | undefined;
}

export interface IpvsTimeouts extends Sourced {
  readonly tcp: number;
  readonly tcpFin: number;
  readonly udp: number;
}
