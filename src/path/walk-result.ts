import type { Source } from '../records/source.ts';
import type { WalkEntry } from './conntrack-entry.ts';
import type { Packet } from './packet.ts';
import type { Step } from './step.ts';
import type { ActionCode } from './vocabulary/actions.ts';
import type { Assumption } from './vocabulary/assumptions.ts';

export type Outcome = 'delivered' | 'dropped' | 'rejected' | 'reset' | 'lost' | 'unknown';

/** Where a leg ends. */
export interface LegEnd {
  readonly outcome: Outcome;
  /** Null where the packet leaves one node and never reaches the next. */
  readonly node: string | null;
  readonly namespace: string;
  readonly between: readonly [string, string] | undefined;
  /** What the last step says of it: `socket`, `no-policy`, `rule-drop`, `martian-source`, `outside`; `not-followed` where the bundle does not tell the way on … */
  readonly reason: ActionCode;
}

/** One direction of a walk. */
export interface Leg {
  readonly direction: 'forward' | 'reply' | 'ack' | 'refusal';
  readonly packet: Packet;
  readonly steps: readonly Step[];
  readonly end: LegEnd;
  /** Of a refusal: the leg whose packet it answers. */
  readonly refuses?: 'forward' | 'reply' | 'ack';
}

/** An IPVS connection that the walk makes (struct ip_vs_conn). */
export interface WalkConnection {
  readonly namespace: string;
  readonly proto: string;
  readonly client: string;
  readonly clientPort: number | undefined;
  readonly virtual: string;
  readonly virtualPort: number | undefined;
  readonly server: string;
  readonly serverPort: number | undefined;
  readonly method: string;
}

/** One way in which the flow may go: where choices are random or a capture is missing there are several. */
export interface WalkBranch {
  readonly forward: Leg;
  /** Undefined where the request is not delivered. */
  readonly reply: Leg | undefined;
  /**
   * The packet that ends TCP's handshake, where it does not reach the socket that answered: rules may refuse what belongs to a connection though
   * they let its first packet pass, and conntrack calls it INVALID where it did not see the answer. Undefined where it arrives.
   */
  readonly ack: Leg | undefined;
  /** The way of the RST or ICMP error that answers what is refused: a request, an ACK, or an answer that meets no socket; undefined where none is sent. */
  readonly refusal: Leg | undefined;
  readonly outcome: Outcome;
  readonly assumptions: readonly Assumption[];
  /** Part of the traffic that goes this way, where chances are known. */
  readonly share: number;
  /** Conntrack entries that the flow leaves in each namespace, by namespace id. */
  readonly entries: ReadonlyMap<string, readonly WalkEntry[]>;
  readonly connections: readonly WalkConnection[];
}

/** Legs of a way in the order in which their packets are sent. */
export const legsOfBranch = ({ forward, reply, ack, refusal }: WalkBranch): readonly Leg[] =>
  [forward, reply, ack, refusal].filter((leg) => leg !== undefined);

/** The leg that decides the outcome: the ACK where it is lost, the reply where the request arrives, else the request. */
export const decidingLeg = (branch: WalkBranch): Leg => branch.ack ?? branch.reply ?? branch.forward;

/** The direction in which a leg's packets travel, as conntrack and captures know it. */
export const wayOf = ({ direction, refuses }: Leg): 'forward' | 'reply' => {
  if (direction === 'refusal') return refuses === 'reply' ? 'forward' : 'reply';
  return direction === 'reply' ? 'reply' : 'forward';
};

/**
 * Why the walk begins where it does. `asked`: the user named the namespace or device. `owner`: it has the source address. Among several owners, or where nobody has it:
 * `conntrack`, `packets`, `socket`: it has an entry, sent the packets, has the socket of this flow. `seen-arriving`: the packets came in there. `policy`, `routes`: an IPsec
 * policy or a route of its is about the source. `only-namespace`: there is no other. `behind`: its rules or routes have the source behind one of its devices. `pod-asked`: a
 * tool that was run in a pod of it tells of this destination.
 * `destination`: it has the destination, and nothing tells what lies before it.
 */
export type EntryCode =
  | 'asked'
  | 'owner'
  | 'conntrack'
  | 'packets'
  | 'socket'
  | 'seen-arriving'
  | 'policy'
  | 'routes'
  | 'only-namespace'
  | 'behind'
  | 'pod-asked'
  | 'destination';

export interface FlowEntry {
  readonly code: EntryCode;
  /** The lines that say so; empty where the user said it. */
  readonly sources: readonly Source[];
  /** How many other namespaces might have been the start as well as this one. */
  readonly equals?: number;
}

/** What is asked of the walk. */
export interface FlowQuestion {
  readonly proto: string;
  readonly src: string;
  readonly sport: number | undefined;
  /** The source port is that of an attempt which the captures show: nobody asked about it, and what holds of a new attempt is meant. */
  readonly attempt?: 'found';
  readonly dst: string;
  readonly dport: number | undefined;
  /** Namespace id at which the walk begins; undefined where nothing in the bundle has to do with the flow. */
  readonly start: string | undefined;
  /**
   * Present where the packet is received in `start` (a router, a gateway, the server itself) and sent by nobody in the bundle; by this device, or by one that the
   * bundle does not tell. Absent where a socket of `start` sends it.
   */
  readonly arrival?: { readonly device: string | undefined } | undefined;
  /**
   * Of a start whose own addresses were not captured. `open`: nothing tells whether the source is one of them, and the flow is walked both as a socket of `start` sends it and
   * as `arrival` says. `received`: it was taken as received, for the reason that `entry` gives.
   */
  readonly origin?: 'open' | 'received' | undefined;
  /** The reason of the choice; absent where nobody chose yet. */
  readonly entry?: FlowEntry | undefined;
  /** Bytes of the IP packet; a SYN's (60, 80 of IPv6) or an echo's where not given. */
  readonly length?: number;
  /** What the client saw, as the user says (`--saw`). */
  readonly saw?: 'ok' | 'refused' | 'reset' | 'timeout' | 'unreachable' | 'stalled';
}

/** The namespace of the socket that sent the request; undefined where the sender is not in the bundle, or where nothing tells whether it is. */
export const senderOf = ({ start, arrival }: FlowQuestion): string | undefined => (arrival ? undefined : start);

export interface WalkedFlow {
  readonly question: FlowQuestion;
  /** The most telling branch first: the one that observation confirms, else the largest. */
  readonly branches: readonly WalkBranch[];
  /** True where branches were cut off at the bound. */
  readonly cut: boolean;
}

/** The flow with its question as this way of it was walked: as sent by `start`, or as received there. */
export const asWalked = (flow: WalkedFlow, branch: WalkBranch | undefined): WalkedFlow => {
  const taken = branch?.assumptions.find((a) => a.code === 'origin-assumed');
  if (flow.question.origin !== 'open' || taken?.code !== 'origin-assumed') return flow;
  const { arrival, origin: _, ...question } = flow.question;
  const isSent = taken.values.way === 'sent';
  return { ...flow, question: isSent ? question : { ...question, arrival, origin: 'received' } };
};
