import type { Packet } from './packet.ts';
import type { Zone } from './zone.ts';

/** One direction of an entry. Ports undefined where unknown (a random port that no capture shows). */
export interface WalkTuple {
  readonly src: string;
  readonly dst: string;
  readonly sport: number | undefined;
  readonly dport: number | undefined;
}

/**
 * A conntrack entry that the walk makes, as struct nf_conn keeps it: two tuples and the status bits that say whose translation they hold.
 * IPVS alters the reply tuple without ever setting a bit (ip_vs_nfct.c:ip_vs_update_conntrack), which is what the hardest cases hang on.
 */
export interface WalkEntry extends Zone {
  readonly id: number;
  readonly proto: string;
  readonly original: WalkTuple;
  readonly reply: WalkTuple;
  /** IPS_SRC_NAT, IPS_DST_NAT. */
  readonly srcNat: boolean;
  readonly dstNat: boolean;
  /** IPS_SRC_NAT_DONE, IPS_DST_NAT_DONE: the nat table was asked. */
  readonly srcNatDone: boolean;
  readonly dstNatDone: boolean;
  readonly confirmed: boolean;
  /** IPS_SEEN_REPLY. */
  readonly seenReply: boolean;
  readonly mark: number;
  /** The device out of which MASQUERADE saw the connection leave (nf_conn_nat.masq_index). */
  readonly masqueradedOut?: string | undefined;
}

/** The packet's relation to its entry: what `-m conntrack --ctstate` tests. */
export type CtState = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';

export interface CtInfo {
  readonly state: CtState;
  readonly direction: 'original' | 'reply';
  readonly entry: WalkEntry | undefined;
  /** The entry is out of the table (nf_ct_kill): the packet holds on to it, nobody else finds it. */
  readonly killed?: boolean;
}

export const tupleOf = (p: Packet): WalkTuple => ({
  src: p.src,
  dst: p.dst,
  sport: p.icmp ? p.icmp.id : p.sport,
  dport: p.icmp ? undefined : p.dport,
});
export const invert = (t: WalkTuple, proto: string): WalkTuple =>
  proto === 'icmp' || proto === 'icmp6'
    ? { src: t.dst, dst: t.src, sport: t.sport, dport: undefined }
    : { src: t.dst, dst: t.src, sport: t.dport, dport: t.sport };
