import type { Route, RouteRule } from '../../records/route.ts';
import type { Source } from '../../records/source.ts';
import type { Assumption } from '../vocabulary/assumptions.ts';

/** struct flowi: what a lookup is asked. */
export interface RouteQuestion {
  readonly family: 4 | 6;
  readonly dst: string;
  /** Undefined where the source is yet to be chosen (output). */
  readonly src: string | undefined;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly mark: number;
  readonly proto: string | undefined;
  readonly sport: number | undefined;
  readonly dport: number | undefined;
  readonly uid: number | undefined;
  readonly tos: number | undefined;
}

/** One possible answer of a lookup; multipath and undecidable rules give several. */
export interface RouteAnswer {
  /** `unknown` where the routes were not captured; `none` for no route at all. */
  readonly type:
    | 'unicast'
    | 'local'
    | 'broadcast'
    | 'multicast'
    | 'anycast'
    | 'blackhole'
    | 'unreachable'
    | 'prohibit'
    | 'none'
    | 'unknown';
  readonly dev: string | undefined;
  /** The next hop's address; undefined where the destination itself is on the link. */
  readonly via: string | undefined;
  readonly onlink: boolean;
  readonly table: string | undefined;
  readonly route: Route | undefined;
  readonly rule: RouteRule | undefined;
  /** The route's `src`; of an output route the source address that the packet gets. */
  readonly prefSrc: string | undefined;
  readonly mtu: number | undefined;
  readonly proofs: readonly Source[];
  readonly assumptions: readonly Assumption[];
  /** Why an output route of type `none` is none though a route is there (EINVAL, EADDRNOTAVAIL, ENETUNREACH); absent otherwise. */
  readonly refused?: 'loopback-source' | 'invalid-source' | 'device-down' | 'no-source-address';
}

export type InputReason =
  | 'local'
  | 'forward'
  | 'broadcast'
  | 'multicast'
  | 'martian-source'
  | 'martian-destination'
  | 'rp-filter'
  | 'no-forwarding'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'no-route'
  | 'routes-unknown';

/** What becomes of a received packet. */
export interface InputResult {
  readonly decision: 'local' | 'forward' | 'broadcast' | 'multicast' | 'drop' | 'unknown';
  readonly reason: InputReason;
  /** The ICMP error that goes back to the sender; undefined where the drop is silent. */
  readonly icmp: { readonly type: number; readonly code: number } | undefined;
  readonly answer: RouteAnswer | undefined;
  /** What a reason needs to be told: `rpFilter`, `reverseDevice`, `owner`, `sysctl` … */
  readonly values: Readonly<Record<string, string | number | boolean>>;
  /** The sysctls, routes, rules and addresses that decided. */
  readonly proofs: readonly Source[];
  readonly assumptions: readonly Assumption[];
}
