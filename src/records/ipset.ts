import type { Sourced } from './source.ts';

/** One member: its comma-separated parts as printed (`10.0.0.1`, `tcp:80`, `10.0.0.0/24`), and what the set's extensions add. */
export interface SetMember extends Sourced {
  readonly parts: readonly string[];
  readonly nomatch: boolean;
  /** Seconds left; undefined where the set has no timeouts, 0 is permanent. */
  readonly timeout: number | undefined;
  readonly packets: number | undefined;
  readonly bytes: number | undefined;
  readonly comment: string | undefined;
  /** skbmark, skbprio, skbqueue, physdev and other words that a lookup does not use. */
  readonly extra: readonly string[];
}

export interface IpSet extends Sourced {
  readonly name: string;
  /** `hash:ip,port`, `bitmap:port`, `list:set` … */
  readonly type: string;
  /** Header words and values: family, hashsize, range, timeout, counters, comment … */
  readonly header: ReadonlyMap<string, string>;
  readonly references: number | undefined;
  /** What `Number of entries:` said, where the tool printed it; without bound where it printed the names of sets alone, which tells nothing of their members. */
  readonly declaredEntries: number | undefined;
  readonly members: readonly SetMember[];
}
