import type { Originated } from './origin.ts';

export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'multicast'
  | 'anycast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'throw'
  | 'nat';

export interface NextHop {
  readonly via: string | undefined;
  readonly dev: string | undefined;
  readonly weight: number;
  readonly onlink: boolean;
  /** dead, linkdown, pervasive, offload, rt_offload … */
  readonly flags: readonly string[];
  /** What is put around the packet here (`mpls 100`, `ip id 42 dst 10.0.0.1`), as printed. */
  readonly encap?: string;
}

export interface Route extends Originated {
  readonly family: 4 | 6;
  readonly type: RouteType;
  /** `0.0.0.0/0` or `::/0` for default. */
  readonly prefix: string;
  /** Table name or number as text: `main`, `local`, `default`, `150`. */
  readonly table: string;
  readonly proto: string | undefined;
  readonly scope: string | undefined;
  readonly src: string | undefined;
  readonly metric: number;
  readonly tos: string | undefined;
  readonly mtu: number | undefined;
  readonly advmss: number | undefined;
  /** One for a plain route, several for multipath, none for blackhole and its kin. */
  readonly nextHops: readonly NextHop[];
  /** Id of next hops that are told elsewhere; 0 where the route has some and the tool left them out. */
  readonly nhid: number | undefined;
  /** Only packets from here may take the route (IPv6 subtrees). */
  readonly from?: string;
  /** `mtu lock N`: the path MTU is never learnt. */
  readonly mtuLocked?: boolean;
  /** What the path of a packet does not depend on, each as printed: `expires 30sec`, `error -101`, `pref medium`, `hoplimit 64`. */
  readonly extra?: readonly string[];
  /** Kernels before 4.2 keep cached copies of IPv6 routes in their table: the rest of the copy's `cache` line. */
  readonly cached?: string;
}

/** A rule that looks up a table for every packet: what `ip rule add` makes where nothing else is said. */
export const EVERY_PACKET = {
  not: false,
  from: undefined,
  to: undefined,
  fwmark: undefined,
  iif: undefined,
  oif: undefined,
  uidrange: undefined,
  ipproto: undefined,
  sport: undefined,
  dport: undefined,
  tos: undefined,
  l3mdev: false,
  suppressPrefixLength: undefined,
  suppressIfGroup: undefined,
  action: 'lookup',
} as const;

export interface RouteRule extends Originated {
  readonly family: 4 | 6;
  readonly priority: number;
  readonly not: boolean;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly fwmark: { readonly value: number; readonly mask: number } | undefined;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly uidrange: readonly [number, number] | undefined;
  readonly ipproto: string | undefined;
  readonly sport: readonly [number, number] | undefined;
  readonly dport: readonly [number, number] | undefined;
  readonly tos: string | undefined;
  readonly l3mdev: boolean;
  readonly suppressPrefixLength: number | undefined;
  readonly suppressIfGroup: string | undefined;
  readonly action: 'lookup' | 'goto' | 'blackhole' | 'unreachable' | 'prohibit' | 'nop' | 'nat';
  /** Table of a lookup, or the priority of a goto as text. */
  readonly target: string | undefined;
  /** The rule names a device that does not exist (any more), or a goto's target is missing: it never matches. */
  readonly detached?: boolean;
  readonly unresolved?: boolean;
  /** Who added the rule: `kernel`, `static`, `zebra`, a number. */
  readonly proto?: string;
  /** What netautopsy's packets do not carry, each as printed: `tun_id 5`, `realms 1/2`, `dscp 10`. A rule with a `tun_id` or `dscp` is undecidable. */
  readonly extra?: readonly string[];
}

export interface Neighbour extends Originated {
  readonly family: 4 | 6;
  readonly address: string;
  readonly dev: string;
  readonly mac: string | undefined;
  /** REACHABLE, STALE, PERMANENT, FAILED, INCOMPLETE, NOARP, DELAY, PROBE … */
  readonly states: readonly string[];
  readonly router: boolean;
  readonly proxy: boolean;
}

export interface FdbEntry extends Originated {
  readonly mac: string;
  readonly dev: string;
  readonly dst: string | undefined;
  readonly port: number | undefined;
  readonly vni: number | undefined;
  readonly via: string | undefined;
  readonly vlan: number | undefined;
  readonly master: string | undefined;
  readonly flags: readonly string[];
}
