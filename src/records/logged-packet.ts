/**
 * A packet that the kernel wrote into its log: a LOG or TRACE rule's line (nf_log_syslog.c: nf_log_ip_packet), or what source validation says of a martian
 * (net/ipv4/route.c: ip_handle_martian_source, ip_martian_destination).
 */
export interface LoggedPacket {
  readonly sort: 'log' | 'trace' | 'martian-source' | 'martian-destination';
  /** `--log-prefix`, as the rule wrote it; '' where it gave none, and for martians. */
  readonly prefix: string;
  /** Of a TRACE line: where the packet was, `rule` 3 of a chain, at its `policy` or `return`. */
  readonly trace: LoggedTrace | undefined;
  /** Device that the packet came in by; undefined for a packet of this host's own. */
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly src: string;
  readonly dst: string;
  /** In lower case (`tcp`); undefined where the line is cut before it, and for martians. */
  readonly proto: string | undefined;
  readonly sport: number | undefined;
  readonly dport: number | undefined;
  /** ICMP's identifier. */
  readonly icmpId: number | undefined;
}

export interface LoggedTrace {
  readonly table: string;
  readonly chain: string;
  readonly at: 'rule' | 'policy' | 'return';
  readonly number: number;
}
