import type { Source, Sourced } from './source.ts';

/** A WireGuard device as `wg show` prints it. Its private key and its peers' preshared keys have no field. */
export interface WireguardDevice extends Sourced {
  /** Undefined where the output does not name it (`wg show wg0 dump` without its command). */
  readonly name: string | undefined;
  readonly publicKey: string | undefined;
  /** UDP port. */
  readonly listenPort: number | undefined;
  /** Mark of the packets that it sends; undefined where it sets none. */
  readonly fwmark: number | undefined;
  readonly peers: readonly WireguardPeer[];
}

/** Whom a device knows. A packet that it sends goes to the peer with the longest of the prefixes that hold the destination (wg_allowedips_lookup_dst). */
export interface WireguardPeer extends Sourced {
  readonly publicKey: string;
  /** Where packets to it go; undefined until it is configured, or was heard. */
  readonly endpoint: { readonly address: string; readonly port: number } | undefined;
  /** Prefixes in canonical form: what is sent to it, and from where it may send. */
  readonly allowedIps: readonly string[];
  readonly handshake: WireguardHandshake | undefined;
  /** Bytes; rounded to three digits in the form for people. Undefined where that form prints none, since both are zero. */
  readonly received: number | undefined;
  readonly sent: number | undefined;
  /** The line of the two counts. */
  readonly countedAt?: Source | undefined;
  /** Seconds; undefined where it is off. */
  readonly keepalive: number | undefined;
}

/** The last one: as a moment in seconds since the epoch (dump), or in seconds before the output was made. Undefined in a peer: there was none. */
export type WireguardHandshake = { readonly at: number } | { readonly ago: number };
