import type { CaptureKind } from '../records/capture.ts';
import type { Source } from '../records/source.ts';

export type LineKind =
  | 'iptables-rule'
  | 'chain-policy'
  | 'nft-rule'
  | 'nft-chain'
  | 'nft-element'
  | 'set'
  | 'set-member'
  | 'route'
  | 'route-rule'
  | 'xfrm-policy'
  | 'xfrm-state'
  | 'ipvs-service'
  | 'ipvs-server'
  | 'sysctl'
  | 'link'
  | 'address'
  | 'neighbour'
  | 'fdb'
  | 'socket';

/** One fact of a namespace's state in a form in which two bundles can be compared. */
export interface StateLine {
  readonly kind: LineKind;
  /** Any of these captures shows it: where a bundle has none of them, that it lacks the line means nothing. */
  readonly captures: readonly CaptureKind[];
  /** What it belongs to, as its tool names it: `nat KUBE-SERVICES`, a set's name, `table main`. */
  readonly within: string;
  /** Equal for the same thing in both bundles. */
  readonly id: string;
  /** Equal where the thing is unchanged. */
  readonly content: string;
  readonly source: Source;
  /** Addresses and prefixes that it is about. */
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  readonly device: string | undefined;
}
