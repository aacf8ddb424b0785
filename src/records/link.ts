import type { Originated } from './origin.ts';

export interface LinkAddress extends Originated {
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefixLength: number;
  readonly peer: string | undefined;
  readonly scope: string;
  readonly secondary: boolean;
  readonly deprecated: boolean;
  readonly tentative: boolean;
  readonly label: string | undefined;
}

export interface LinkStats {
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  /** `-s -s`: frames for another station (kernel 5.19 and later). */
  readonly rxOtherhost: number | undefined;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

/** A network device. Kind specific details are there only where `-d` printed them. */
export interface Link extends Originated {
  readonly index: number | undefined;
  readonly name: string;
  /** Index of the peer or lower device (`eth0@if7` → 7) or its name (`eth0.5@eth0` → lower 'eth0'). */
  readonly peerIndex: number | undefined;
  readonly lower: string | undefined;
  /** `link-netns NAME` or `link-netnsid N` as text. */
  readonly peerNetns: string | undefined;
  readonly flags: readonly string[];
  readonly mtu: number | undefined;
  readonly state: string | undefined;
  readonly master: string | undefined;
  readonly mac: string | undefined;
  /** veth, bridge, vxlan, ipip, gre, dummy, vlan, bond, xfrm, ipvlan, macvlan, wireguard, tun, geneve …; `link/…` word or undefined. */
  readonly kind: string | undefined;
  readonly vxlan:
    | {
        readonly id: number;
        readonly local: string | undefined;
        readonly remote: string | undefined;
        readonly group: string | undefined;
        readonly dev: string | undefined;
        readonly port: number;
        readonly learning: boolean;
      }
    | undefined;
  /** ipip, sit, gre, vti: tunnel ends, undefined for any. */
  readonly tunnel:
    | { readonly local: string | undefined; readonly remote: string | undefined; readonly dev: string | undefined }
    | undefined;
  readonly xfrmIfId: number | undefined;
  readonly vlanId: number | undefined;
  readonly vrfTable: number | undefined;
  /** `bridge_slave … hairpin on` of `ip -d link`, or `bridge -d link`. */
  readonly hairpin: boolean | undefined;
  readonly addresses: readonly LinkAddress[];
  readonly stats: LinkStats | undefined;
}

/**
 * Stands for a device that a namespace must have and that no line names (it has the address, packets came in): rules that ask for a device are undecided for it.
 */
export const UNNAMED_DEVICE = '?';
