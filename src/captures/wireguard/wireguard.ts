import { parse } from '#grammars/wireguard';
import type { WireguardDevice, WireguardHandshake, WireguardPeer } from '../../records/wireguard.ts';
import { canonicalAddress, canonicalPrefix } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';
import { AddressSink } from '../address-sink.ts';
import { type CaptureInput, type CaptureModule, grammarReader } from '../module.ts';
import { wireguardMask } from './wireguard-mask.ts';

type PeerDraft = { -readonly [K in keyof WireguardPeer]: WireguardPeer[K] };
type DeviceDraft = { -readonly [K in keyof WireguardDevice]: WireguardDevice[K] } & { readonly peers: PeerDraft[] };
type Endpoint = readonly [address: string, port: number];

class WireguardSink extends AddressSink {
  readonly devices: DeviceDraft[] = [];
  /** Of `wg show wg0 dump`, which does not print it. */
  readonly #named: string | undefined;
  #device: DeviceDraft | undefined;
  #peer: PeerDraft | undefined;

  constructor(input: CaptureInput) {
    super(input);
    const word = /(?:^|[\s/_])wg[\s_]+show[\s_]+(\S{1,15}?)(?=[\s_.]|$)/.exec(input.command ?? '')?.[1];
    this.#named = word === 'all' || word === 'interfaces' ? undefined : word;
  }

  device(name: string | undefined): void {
    this.records += 1;
    this.#peer = undefined;
    this.#device = {
      source: this.source(),
      name: name === undefined ? undefined : flatten(name),
      publicKey: undefined,
      listenPort: undefined,
      fwmark: undefined,
      peers: [],
    };
    this.devices.push(this.#device);
  }

  /** A peer whose device was cut away is one of a device that is not named. */
  peer(key: string): void {
    if (!this.#device) this.device(this.#named);
    else this.records += 1;
    this.#peer = {
      source: this.source(),
      publicKey: flatten(key),
      endpoint: undefined,
      allowedIps: [],
      handshake: undefined,
      received: undefined,
      sent: undefined,
      keepalive: undefined,
    };
    this.#device?.peers.push(this.#peer);
  }

  publicKey(key: string | null): void {
    if (this.#device) this.#device.publicKey = key === null ? undefined : flatten(key);
  }

  /** 0 until the device is up. */
  listenPort(port: number): void {
    if (this.#device) this.#device.listenPort = port === 0 ? undefined : port;
  }

  fwmark(mark: number | null): void {
    if (this.#device) this.#device.fwmark = mark ?? undefined;
  }

  endpoint(endpoint: Endpoint | null): void {
    const address = endpoint && canonicalAddress(endpoint[0]);
    if (this.#peer && endpoint && address) this.#peer.endpoint = { address, port: endpoint[1] };
  }

  allowedIps(prefixes: readonly string[]): void {
    if (this.#peer) this.#peer.allowedIps = prefixes.map((prefix) => canonicalPrefix(prefix) ?? flatten(prefix));
  }

  handshake(handshake: WireguardHandshake | undefined): void {
    if (this.#peer) this.#peer.handshake = handshake;
  }

  transfer(received: number, sent: number): void {
    if (!this.#peer) return;
    this.#peer.received = received;
    this.#peer.sent = sent;
    this.#peer.countedAt = this.source();
  }

  keepalive(seconds: number | null): void {
    if (this.#peer) this.#peer.keepalive = seconds ?? undefined;
  }

  dumpedDevice(name: string | null, key: string | null, port: number, mark: number | null): void {
    this.device(name ?? this.#named);
    this.publicKey(key);
    this.listenPort(port);
    this.fwmark(mark);
  }

  dumpedPeer(
    name: string | null,
    key: string,
    endpoint: Endpoint | null,
    prefixes: readonly string[],
    at: number,
    received: number,
    sent: number,
    seconds: number | null,
  ): void {
    if (name !== null && this.#device?.name !== name) this.device(name);
    this.peer(key);
    this.endpoint(endpoint);
    this.allowedIps(prefixes);
    if (at > 0) this.handshake({ at });
    this.transfer(received, sent);
    this.keepalive(seconds);
  }

  /** A line that is read a second time, for its error message, belongs to nobody. */
  finish(): readonly WireguardDevice[] {
    this.#device = undefined;
    this.#peer = undefined;
    return [...this.devices];
  }
}

const KEY = '[A-Za-z0-9+/]{42,43}=';
const PRETTY =
  /^interface: \S{1,15}[ \t]*\n(?:[ \t]+(?:public key|private key|listening port|fwmark): |\s*peer: |\s*$)/m;
const DUMP = new RegExp(
  `^(?:\\S{1,15}\\t)?(?:${KEY}|\\(none\\))\\t(?:${KEY}|\\(none\\))\\t(?:\\d+\\t(?:off|0x[0-9a-f]+)[ \\t]*$|[^\\t\\n]+\\t[^\\t\\n]+\\t\\d+\\t)`,
  'm',
);

/** WireGuard's devices and peers: `wg show`, of one device or all, for people or as `dump` (wireguard-tools show.c). */
export const wireguard: CaptureModule = {
  programs: 'wg',
  precedence: 85,
  mask: wireguardMask,
  formats: [
    {
      kind: 'wireguard',
      words: [{ words: 'wg show' }, { words: 'wgshow' }, { words: 'wg|wireguard', common: true }],
      firstLine: /^interface: \S{1,15}\s*$/,
      scope: 'namespace',
      collect: 'wg show',
    },
  ],
  open: (input) => grammarReader(input, new WireguardSink(input), parse, (sink) => ({ wireguard: sink.finish() })),
  sniff: (head) => (PRETTY.test(head) || DUMP.test(head) ? 'wireguard' : undefined),
};
