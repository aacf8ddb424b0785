import type { CaptureKind } from '../records/capture.ts';
import type { ConntrackStats, ConntrackTable } from '../records/conntrack.ts';
import type { Counter, KernelMessage, Sysctl } from '../records/counter.ts';
import type { IpSet } from '../records/ipset.ts';
import type { NftTable, RuleTable } from '../records/iptables.ts';
import type { IpvsConnection, IpvsTimeouts, VirtualService } from '../records/ipvs.ts';
import type { Link } from '../records/link.ts';
import type { PacketTable } from '../records/packet.ts';
import type { Probe } from '../records/probe.ts';
import type { FdbEntry, Neighbour, Route, RouteRule } from '../records/route.ts';
import type { Socket } from '../records/socket.ts';
import type { Source } from '../records/source.ts';
import type { WireguardDevice } from '../records/wireguard.ts';
import type { XfrmDefaults, XfrmPolicy, XfrmState } from '../records/xfrm.ts';

/**
 * One network namespace as its captures show it. A change of the model (a fix that is to be proven) is a copy with other arrays in it;
 * nothing here is ever written to.
 */
export interface NetNamespace {
  /** `node`, or `node/name` for a pod's namespace. */
  readonly id: string;
  readonly node: string;
  /** '' for the host's own namespace. */
  readonly name: string;
  /** Kinds whose capture is there and could be read. What is not in here is unknown, not empty. */
  readonly captured: ReadonlySet<CaptureKind>;
  /** Kinds of which a capture breaks off: what it holds is there, and what it does not hold may have followed. Absent: none. */
  readonly cut?: ReadonlySet<CaptureKind>;
  /** The first line of each capture by kind: what to quote for "there is none in it". */
  readonly captureSources: ReadonlyMap<CaptureKind, readonly Source[]>;
  readonly links: ReadonlyMap<string, Link>;
  readonly routes: readonly Route[];
  readonly rules: readonly RouteRule[];
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
  readonly tables: readonly RuleTable[];
  readonly nftTables: readonly NftTable[];
  readonly sets: ReadonlyMap<string, IpSet>;
  readonly services: readonly VirtualService[];
  readonly ipvsConnections: readonly IpvsConnection[];
  readonly ipvsTimeouts: IpvsTimeouts | undefined;
  readonly conntrack: readonly ConntrackTable[];
  readonly conntrackStats: readonly ConntrackStats[];
  readonly states: readonly XfrmState[];
  readonly policies: readonly XfrmPolicy[];
  readonly xfrmDefaults: XfrmDefaults | undefined;
  readonly wireguard: readonly WireguardDevice[];
  readonly sockets: readonly Socket[];
  readonly sysctls: ReadonlyMap<string, Sysctl>;
  /** By name; where several captures hold one, all of them, in the bundle's order (two snapshots show growth). */
  readonly counters: ReadonlyMap<string, readonly Counter[]>;
  readonly messages: readonly KernelMessage[];
  readonly packets: readonly PacketTable[];
  /** What tools of this namespace printed of their attempts. */
  readonly probes: readonly Probe[];
  /** True for a namespace that no capture describes: a pod seen only through its veth, or the world outside. */
  readonly imagined: boolean;
}

/** Whether the namespace's state of this kind is known (captured, even if empty). */
export const knows = (ns: NetNamespace, kind: CaptureKind): boolean => ns.captured.has(kind);

/** Whether all of the namespace's state of this kind is known: only then is what does not stand in it not there. */
export const isWhole = (ns: NetNamespace, kind: CaptureKind): boolean => knows(ns, kind) && ns.cut?.has(kind) !== true;

/** A sysctl's record; per-device names are `net.ipv4.conf.DEV.KEY` with the dots of a device name written as slashes. */
export const sysctl = (ns: NetNamespace, name: string): Sysctl | undefined => ns.sysctls.get(name);
export const sysctlNumber = (ns: NetNamespace, name: string): number | undefined => {
  const record = ns.sysctls.get(name);
  if (!record || !/^-?\d+$/.test(record.value.trim())) return undefined;
  return Number(record.value.trim());
};
/** A per-device sysctl (`rp_filter`, `forwarding`, `disable_policy` …) of one family's conf tree. */
export const deviceSysctl = (ns: NetNamespace, family: 4 | 6, device: string, key: string): Sysctl | undefined =>
  ns.sysctls.get(`net.ipv${family}.conf.${device.replaceAll('.', '/')}.${key}`) ??
  ns.sysctls.get(`net.ipv${family}.conf.${device}.${key}`);
export const deviceSysctlNumber = (
  ns: NetNamespace,
  family: 4 | 6,
  device: string,
  key: string,
): number | undefined => {
  const record = deviceSysctl(ns, family, device, key);
  return record && /^-?\d+$/.test(record.value.trim()) ? Number(record.value.trim()) : undefined;
};

/** The latest value of a counter. */
export const counter = (ns: NetNamespace, name: string): Counter | undefined => ns.counters.get(name)?.at(-1);
