import type { CaptureKind } from './capture-kind.ts';
import type { ConntrackStats, ConntrackTable } from './conntrack.ts';
import type { Counter, KernelMessage, Sysctl } from './counter.ts';
import type { CaptureTime, KernelVersion } from './host.ts';
import type { IpSet } from './ipset.ts';
import type { NftTable, RuleTable } from './iptables.ts';
import type { IpvsConnection, IpvsTimeouts, VirtualService } from './ipvs.ts';
import type { KubeEndpoint, KubeNode, KubePod, KubeService } from './kube.ts';
import type { Link } from './link.ts';
import type { PacketTable } from './packet.ts';
import type { Probe } from './probe.ts';
import type { Quotable } from './quotable.ts';
import type { FdbEntry, Neighbour, Route, RouteRule } from './route.ts';
import type { Socket } from './socket.ts';
import type { Source } from './source.ts';
import type { WireguardDevice } from './wireguard.ts';
import type { XfrmDefaults, XfrmPolicy, XfrmState } from './xfrm.ts';

export type { CaptureKind } from './capture-kind.ts';

/** What a capture module makes of one member. Only the fields of its kind are set. */
export interface CaptureData {
  readonly tables?: readonly RuleTable[];
  readonly nftTables?: readonly NftTable[];
  readonly sets?: readonly IpSet[];
  readonly conntrack?: ConntrackTable;
  readonly conntrackStats?: readonly ConntrackStats[];
  readonly services?: readonly VirtualService[];
  readonly ipvsConnections?: readonly IpvsConnection[];
  readonly ipvsTimeouts?: IpvsTimeouts;
  readonly states?: readonly XfrmState[];
  readonly policies?: readonly XfrmPolicy[];
  readonly xfrmDefaults?: XfrmDefaults;
  readonly wireguard?: readonly WireguardDevice[];
  readonly links?: readonly Link[];
  readonly routes?: readonly Route[];
  readonly rules?: readonly RouteRule[];
  readonly neighbours?: readonly Neighbour[];
  readonly fdb?: readonly FdbEntry[];
  readonly sockets?: readonly Socket[];
  readonly sysctls?: readonly Sysctl[];
  readonly counters?: readonly Counter[];
  readonly messages?: readonly KernelMessage[];
  readonly packets?: PacketTable;
  readonly probes?: readonly Probe[];
  readonly kube?: {
    readonly services: readonly KubeService[];
    readonly endpoints: readonly KubeEndpoint[];
    readonly pods: readonly KubePod[];
    readonly nodes: readonly KubeNode[];
  };
  readonly kernel?: KernelVersion;
  readonly hostname?: string;
  /** systemd's id of the installation and the kernel's of this boot (hostnamectl). */
  readonly machineId?: string;
  readonly bootId?: string;
  readonly time?: CaptureTime;
}

/** A line that no grammar rule understood. `expected` and `column` come from the grammar's own message and are there for the first few. */
export interface UnreadLine {
  readonly source: Source;
  readonly text: Quotable;
  readonly expected?: string;
  readonly column?: number;
}

/** Lines of a file, both ends among them. */
export type LineRange = readonly [first: number, last: number];

/** Line numbers as ranges; where they were too many, everything from line `rest` on counts. */
export interface UnreadAt {
  readonly ranges: readonly LineRange[];
  readonly rest: number;
}

/** One member, read: data and an honest account of its lines. */
export interface Capture {
  readonly kind: CaptureKind;
  readonly file: string;
  /** 1-based line of the member at which this capture begins; 1 where absent. */
  readonly firstLine?: number;
  /** Total lines; records made; lines recognised and ignored by declaration; lines not understood. */
  readonly lines: number;
  readonly records: number;
  readonly ignored: number;
  readonly unread: number;
  /** The first unread lines (at most 20), with their text. */
  readonly unreadLines: readonly UnreadLine[];
  /** The lines of the file that were read, where they are not simply those from the first one on. */
  readonly readAt?: readonly LineRange[];
  /** The lines that are not the format's own: all that were not understood, tools' messages and what a client wrote around the output. */
  readonly unreadAt: UnreadAt;
  /** A tool's own error messages: why a capture is missing. */
  readonly toolMessages: readonly { readonly source: Source; readonly text: Quotable }[];
  /** True where the member was cut (truncated archive, `.tailed`, `-- tail`). */
  readonly partial: boolean;
  /** Lines that something had wrapped and that were read as one: the number of the first, how many they are, and what stands between them when they are one. */
  readonly joined?: { readonly lines: ReadonlyMap<number, number>; readonly glue: '' | ' ' };
  /** Commands that somebody typed, and not what the kernel told; a tool printed it where this is absent. */
  readonly origin?: 'typed';
  readonly data: CaptureData;
}
