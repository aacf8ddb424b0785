import type { NetNamespace } from '../../network/namespace.ts';
import type { Hook, RuleTable, TableName } from '../../records/iptables.ts';
import type { Source } from '../../records/source.ts';
import type { XfrmPolicy, XfrmState } from '../../records/xfrm.ts';
import type { CtInfo } from '../conntrack-entry.ts';
import type { Packet } from '../packet.ts';
import type { Missing } from '../step.ts';
import type { Assumption, DoubtCode } from '../vocabulary/assumptions.ts';
import type { Direction } from '../zone.ts';

/** What a table is asked about. */
export interface HookQuestion {
  readonly namespace: NetNamespace;
  readonly hook: Hook;
  readonly packet: Packet;
  /** Devices; undefined where the hook has none (iif at OUTPUT, oif at PREROUTING and INPUT). */
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  /** Bridge ports of a bridged or bridge-routed packet (-m physdev). */
  readonly physIn: string | undefined;
  readonly physOut: string | undefined;
  /** The packet is what the sender's own socket waits for: the answer to the flow, or an error about it. */
  readonly isAnswer?: boolean;
  /** Source MAC of the frame that brought the packet; absent or undefined where the walk does not know it. */
  readonly srcMac?: string | undefined;
  readonly ct: CtInfo;
  /** SAs that the packet was decrypted by (-m policy --dir in). */
  readonly secpath: readonly XfrmState[];
  /** Policy that the packet will be encrypted by (-m policy --dir out). */
  readonly outPolicy: XfrmPolicy | undefined;
  /** The packet belongs to an IPVS connection (-m ipvs). */
  readonly ipvs: boolean;
  /**
   * Whether the route back to the packet's source passes by this device (-m rpfilter, nft's `fib saddr . iif oif`); the packet's mark counts
   * only where `validMark` says so. Such tests are undecided without it.
   */
  readonly reversePath?: (namespace: NetNamespace, packet: Packet, iif: string, flags: ReversePathFlags) => Tri;
  /** Whether IPv6 has no route, or one that refuses, to an address by a device (-m addrtype); undecided without it. */
  readonly isRouteRefused?: (namespace: NetNamespace, address: string, device: string | undefined) => Tri;
}

/** Flags of -m rpfilter. */
export interface ReversePathFlags {
  /** Any device will do. */
  readonly loose: boolean;
  /** The lookup uses the packet's mark. */
  readonly validMark: boolean;
  /** A source that is the node's own address passes. */
  readonly acceptLocal: boolean;
  /** The lookup of IPv4 has the packet's protocol (nft_fib4_eval), for rules by `ipproto`; -m rpfilter's has not. */
  readonly withProtocol: boolean;
}

/** Yes, no, or unknown with the capture that would tell. */
export type Tri =
  | { readonly value: true }
  | { readonly value: false }
  | { readonly value: undefined; readonly why: DoubtCode; readonly missing: Missing | undefined };

/** A rule that matched (or was taken to match) on the way to the verdict, outermost first. */
export interface RuleHit {
  readonly source: Source;
  readonly chain: string;
  readonly position: number;
  /** Packets that the rule's own counter shows; undefined where the capture has none. */
  readonly packets: number | undefined;
  readonly comment: string | undefined;
  readonly target: string | undefined;
}

export type NatTarget =
  | {
      readonly kind: 'dnat' | 'snat';
      readonly addresses: readonly { readonly from: string; readonly to: string }[];
      readonly ports: readonly [number, number] | undefined;
      readonly random: boolean;
      readonly persistent: boolean;
      /** Port that the first of `ports` stands for, where the whole range is shifted (`1000-2000/3000`). */
      readonly basePort?: number | undefined;
    }
  | { readonly kind: 'masquerade'; readonly ports: readonly [number, number] | undefined; readonly random: boolean }
  | { readonly kind: 'redirect'; readonly ports: readonly [number, number] | undefined; readonly random: boolean }
  | { readonly kind: 'netmap'; readonly prefix: string };

/** How one table (or one nftables base chain) ends for the packet; several where a match could not be decided or is random. */
export interface TableOutcome {
  readonly verdict: 'accept' | 'drop' | 'reject' | 'queue' | 'nat' | 'notrack' | 'tproxy' | 'stolen';
  /** `-j REJECT --reject-with`: icmp-port-unreachable, tcp-reset …; for reject only. */
  readonly rejectWith: string | undefined;
  readonly nat: NatTarget | undefined;
  /** The packet's mark after the table. */
  readonly mark: number;
  /** The connection's mark after the table, where CONNMARK changed it. */
  readonly connmark: number | undefined;
  /** `-j CT --zone`. */
  readonly zone: number | undefined;
  /** `--zone-orig`, `--zone-reply`: the one direction that the zone is for. */
  readonly zoneOnly?: Direction | undefined;
  /** `-j TPROXY`: where the packet is delivered to; the address is undefined for the device's own. */
  readonly tproxy?: { readonly address: string | undefined; readonly port: number | undefined };
  /** `-j TCPMSS`: the clamped MSS, or 'pmtu'. */
  readonly mss: number | 'pmtu' | undefined;
  /** `-j TTL`, `-j HL`: hops that the packet has left behind the table, where a rule changed them. DSCP and other changes that the walk does not use are not here. */
  readonly ttl?: number | undefined;
  readonly hits: readonly RuleHit[];
  /** The chain whose policy decided, where no rule did. */
  readonly policyOf:
    | { readonly chain: string; readonly source: Source; readonly packets: number | undefined }
    | undefined;
  readonly assumptions: readonly Assumption[];
  /** Probability where a `statistic` match shares out the packets (1 where nothing is random). */
  readonly share: number;
}

export type TableQuestion = HookQuestion & {
  readonly table: TableName;
  /** Only the table's rules of these backends; those of all where undefined. */
  readonly backends?: readonly RuleTable['backend'][];
};
