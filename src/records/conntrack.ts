import type { Source } from './source.ts';

/** One direction of an entry as conntrack prints it. Ports are undefined for protocols without them; icmp carries type, code and id. */
export interface Tuple {
  readonly src: string;
  readonly dst: string;
  readonly sport: number | undefined;
  readonly dport: number | undefined;
  readonly icmpType: number | undefined;
  readonly icmpCode: number | undefined;
  readonly icmpId: number | undefined;
  /** GRE call ids (`srckey=`, `dstkey=`). */
  readonly srcKey?: number | undefined;
  readonly dstKey?: number | undefined;
}

export interface ConntrackEntry {
  readonly source: Source;
  /** `tcp`, `udp`, `icmp`, `icmpv6`, `sctp`, `gre`, `dccp`, `udplite`; a number as text for the others. */
  readonly proto: string;
  readonly family: 4 | 6;
  /** Seconds until the entry is dropped; undefined for an event. */
  readonly timeout: number | undefined;
  /** TCP, SCTP or DCCP state (`SYN_SENT` …); undefined for others. */
  readonly state: string | undefined;
  readonly original: Tuple;
  readonly reply: Tuple;
  readonly unreplied: boolean;
  readonly assured: boolean;
  /** `[OFFLOAD]`, `[HW_OFFLOAD]`. */
  readonly offload: boolean;
  readonly mark: number | undefined;
  readonly zone: number | undefined;
  readonly originalPackets: number | undefined;
  readonly replyPackets: number | undefined;
  /** `NEW`, `UPDATE` or `DESTROY` in `conntrack -E` output. */
  readonly event: string | undefined;
  /** Seconds since the epoch, where `-E -o timestamp` prints them. */
  readonly time?: number | undefined;
  readonly originalBytes?: number | undefined;
  readonly replyBytes?: number | undefined;
  /** `zone-orig=`, `zone-reply=`: a zone that holds for one direction only. */
  readonly zoneOriginal?: number | undefined;
  readonly zoneReply?: number | undefined;
  /** True where the offload is the network card's (`[HW_OFFLOAD]`). */
  readonly hardwareOffload?: boolean;
  readonly secctx?: string | undefined;
  /** Name of the application helper: `ftp`, `sip` … */
  readonly helper?: string | undefined;
  /** Seconds since the entry was made (`delta-time=`). */
  readonly deltaTime?: number | undefined;
  /** References held on the entry. */
  readonly use?: number | undefined;
  readonly id?: number | undefined;
  /** Further fields as printed, one blank apart: `labels=…`, a vendor's own. */
  readonly extra?: string | undefined;
}

/** A conntrack dump in columns: a million entries cost some 40 bytes each. Entries are made on demand. */
export interface ConntrackTable {
  readonly file: string;
  readonly count: number;
  entry(row: number): ConntrackEntry;
  /** Rows in which either tuple holds the address as source or destination. */
  rowsWithAddress(address: string): readonly number[];
  /** Rows by state: `SYN_SENT`, `SYN_RECV` …; the first so many of them. */
  rowsInState(state: string, most?: number): readonly number[];
  /** Rows that carry [UNREPLIED]; the first so many of them. */
  unrepliedRows(most?: number): readonly number[];
  /** Rows whose answers go to another address than the original's source: it was translated. The first so many. */
  sourceTranslatedRows(most: number): readonly number[];
  /** The entry of a line whose text is exactly what the tool prints for it (with `layer3` as `-o extended` does); undefined for any other line. */
  printedAt(line: number): { readonly entry: ConntrackEntry; readonly layer3: boolean } | undefined;
  /** Those of the rows whose reply tuple has one of these ports: `sport * 2^16 + dport`; others may be among them. */
  rowsTranslatedTo(rows: readonly number[], ports: ReadonlySet<number>): readonly number[];
}

/** One line of `conntrack -S`, or their sum: counter name to value. */
export interface ConntrackStats {
  readonly source: Source;
  readonly cpu: number | undefined;
  readonly counters: ReadonlyMap<string, number>;
}
