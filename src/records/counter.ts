import type { LoggedPacket } from './logged-packet.ts';
import type { Sourced } from './source.ts';

/** A named number with its line: nstat, /proc/net/netstat, /proc/net/snmp, netstat -s, xfrm_stat, rt_cache. Names as nstat prints them (`TcpRetransSegs`, `TcpExtIPReversePathFilter`, `XfrmInNoPols`). */
export interface Counter extends Sourced {
  readonly name: string;
  readonly value: number;
}

/** A sysctl: its dotted name (`net.ipv4.conf.eth0/5.rp_filter` keeps slashes as printed) and its text. */
export interface Sysctl extends Sourced {
  readonly name: string;
  readonly value: string;
}

/** A kernel message of interest; `time` in seconds since boot where printed. */
export interface KernelMessage extends Sourced {
  readonly time: number | undefined;
  readonly text: string;
  /** The packet that the message is about, where it is about one. */
  readonly packet?: LoggedPacket;
}
