import type { ConntrackEntry } from '../records/conntrack.ts';
import type { Counter, KernelMessage } from '../records/counter.ts';
import type { IpvsConnection } from '../records/ipvs.ts';
import type { LoggedPacket } from '../records/logged-packet.ts';
import type { PacketView } from '../records/packet.ts';
import type { Probe } from '../records/probe.ts';

/** What became of a flow as its client saw it. */
export type Seen = 'ok' | 'refused' | 'reset' | 'timeout' | 'unreachable' | 'stalled' | 'unknown';

/** A conntrack entry of the flow, found in a namespace. */
export interface SeenEntry {
  readonly namespace: string;
  readonly entry: ConntrackEntry;
  /** Whether the walk predicts this entry's tuples there; undefined where it makes none in that namespace. */
  readonly agrees: boolean | undefined;
}
export interface SeenConnection {
  readonly namespace: string;
  readonly connection: IpvsConnection;
}

/** A packet of the flow where it was seen, under whatever name it had there. */
export interface SeenPacket {
  readonly namespace: string;
  readonly view: PacketView;
  /** The layer that is the flow's own packet: the view itself, or an inner one. Undefined for ESP, whose inside cannot be seen. */
  readonly layer: PacketView | undefined;
  readonly leg: 'forward' | 'reply' | 'error';
  /** Index of the step of that leg at which it was seen; undefined where no step has this name of the flow. */
  readonly step: number | undefined;
  readonly wrapping: 'plain' | 'esp' | 'vxlan' | 'geneve' | 'ipip' | 'gre';
}

/** A line of the kernel's log about a packet of the flow. */
export interface SeenSign {
  readonly namespace: string;
  readonly message: KernelMessage;
  readonly packet: LoggedPacket;
  readonly leg: 'forward' | 'reply';
}

/** What a client's own tool printed of the flow. */
export interface SeenProbe {
  readonly namespace: string;
  readonly probe: Probe;
}

/** An end of answers: the last one, and what was sent in vain after it. */
export interface Stopped {
  readonly lastAnswer: PacketView;
  /** At the place where the client's packets are seen first, in order of time. */
  readonly inVain: readonly PacketView[];
}

/** Everything that the bundle shows of one flow. */
export interface FlowEvidence {
  readonly entries: readonly SeenEntry[];
  readonly connections: readonly SeenConnection[];
  /** In order of time (nodes' clocks aligned), at most a few hundred. */
  readonly packets: readonly SeenPacket[];
  readonly packetsCut: number;
  /** Seconds to add to a node's clock to match the first node's; from packets seen on both. */
  readonly clockOffsets: ReadonlyMap<string, number>;
  /** The flow was answered and then no more; undefined where it was not, or goes on. */
  readonly stopped: Stopped | undefined;
  /** What the kernel's log says of the flow's packets. */
  readonly signs: readonly SeenSign[];
  /** What ping, curl and their like printed of the flow. */
  readonly probes: readonly SeenProbe[];
  /** Counters that the walk's end explains, by namespace id. */
  readonly counters: readonly { readonly namespace: string; readonly counter: Counter }[];
  /** What the client saw, as far as the evidence tells. */
  readonly seen: Seen;
  /** Who says what the client saw: the bundle's captures, what a client's tool printed, or the user (`--saw`). */
  readonly seenBy: 'captures' | 'probe' | 'user';
}

/**
 * The server's own answer was seen, or logged, on its way: the request was delivered. A refusal's RST may be anybody's, and an answer that was followed by requests without
 * one says nothing of now.
 */
export const isAnswerSeen = ({ packets, signs, stopped }: FlowEvidence): boolean =>
  stopped === undefined &&
  (packets.some((p) => p.leg === 'reply' && !p.layer?.tcpFlags?.includes('R')) ||
    signs.some((sign) => sign.leg === 'reply'));
