import type { Sourced } from './source.ts';

export type Family = 4 | 6;
export type TableName = 'raw' | 'mangle' | 'nat' | 'filter' | 'security';
export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

/** Packet and byte counters of a rule or a policy, where the tool printed them. */
export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

/**
 * One match of a rule: the extension's name and its options in order.
 * `-p tcp` is `{ name: 'protocol', options: [{ flag: '-p', invert: false, values: ['tcp'] }] }`; `-s`, `-d`, `-i`, `-o`, `-f`
 * are `source`, `destination`, `in-interface`, `out-interface`, `fragment` in the same way; `-m tcp --dport 80` is `{ name: 'tcp', options: [{ flag: '--dport', … }] }`.
 */
export interface Match {
  readonly name: string;
  readonly options: readonly MatchOption[];
}
export interface MatchOption {
  readonly flag: string;
  readonly invert: boolean;
  readonly values: readonly string[];
}

/** A rule's target: `-j NAME` or `-g NAME` with its options; absent for a rule that only counts. */
export interface Target {
  readonly name: string;
  readonly goto: boolean;
  readonly options: readonly MatchOption[];
}

export interface Rule extends Sourced {
  readonly chain: string;
  /** 1-based position in its chain, as `iptables -L --line-numbers` counts. */
  readonly position: number;
  readonly matches: readonly Match[];
  readonly target: Target | undefined;
  readonly counters: Counters | undefined;
  /** All comments of the rule, joined by "; ". */
  readonly comment: string | undefined;
}

export interface Chain extends Sourced {
  readonly name: string;
  /** ACCEPT or DROP of a built-in chain; undefined for a user chain. */
  readonly policy: string | undefined;
  readonly counters: Counters | undefined;
  readonly rules: readonly Rule[];
}

export type Backend = 'legacy' | 'nft' | 'unknown';

/** One table as one tool run printed it. */
export interface RuleTable extends Sourced {
  readonly family: Family;
  readonly name: TableName;
  readonly backend: Backend;
  readonly chains: ReadonlyMap<string, Chain>;
  /** False for `-L` listings, which leave interfaces or options out unless `-v -n` was given. */
  readonly exact: boolean;
}

/* ---- nftables' own tables ---- */

/** A rule of `nft list ruleset`, kept as its statements' words; the walk knows what kube-proxy and iptables-nft write. */
export interface NftRule extends Sourced {
  readonly chain: string;
  readonly text: string;
  readonly statements: readonly NftStatement[];
  readonly counters: Counters | undefined;
  readonly comment: string | undefined;
  readonly handle: number | undefined;
}
/** One match or statement of a rule: `ip daddr != 10.0.0.0/8` is `{ kind: 'match', left: 'ip daddr', op: '!=', right: '10.0.0.0/8' }`. */
export type NftStatement =
  | {
      readonly kind: 'match';
      readonly left: string;
      readonly op: '==' | '!=' | '<' | '>' | '<=' | '>=' | 'in';
      readonly right: string;
    }
  | { readonly kind: 'verdict'; readonly verdict: 'accept' | 'drop' | 'return' | 'continue' | 'queue' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | { readonly kind: 'vmap'; readonly key: string; readonly map: string }
  | { readonly kind: 'reject'; readonly with: string | undefined }
  | {
      readonly kind: 'dnat' | 'snat' | 'masquerade' | 'redirect';
      readonly to: string | undefined;
      readonly flags: readonly string[];
    }
  | { readonly kind: 'set-mark'; readonly of: 'meta' | 'ct'; readonly expression: string }
  | { readonly kind: 'notrack' }
  | { readonly kind: 'counter' | 'comment' | 'log' | 'limit' }
  /** An extension that nft cannot print (`xt match set`): what it tests is not in the text. */
  | { readonly kind: 'opaque'; readonly text: string };

export interface NftChain extends Sourced {
  readonly name: string;
  readonly type: string | undefined;
  readonly hook: string | undefined;
  /** Numeric priority; names (`dstnat`, `filter - 1`) are resolved. */
  readonly priority: number | undefined;
  readonly device: string | undefined;
  readonly policy: 'accept' | 'drop' | undefined;
  readonly rules: readonly NftRule[];
}
/** A set or map with its elements as printed. */
export interface NftSet extends Sourced {
  readonly name: string;
  readonly kind: 'set' | 'map' | 'vmap';
  readonly type: string | undefined;
  readonly flags: readonly string[];
  readonly elements: readonly string[];
}
export interface NftTable extends Sourced {
  readonly family: 'ip' | 'ip6' | 'inet' | 'bridge' | 'arp' | 'netdev';
  readonly name: string;
  readonly chains: ReadonlyMap<string, NftChain>;
  readonly sets: ReadonlyMap<string, NftSet>;
}
