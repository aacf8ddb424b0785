import type { NetNamespace } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import { UNNAMED_DEVICE } from '../records/link.ts';
import type { Socket } from '../records/socket.ts';
import type { XfrmPolicy, XfrmState } from '../records/xfrm.ts';
import type { CtInfo, WalkEntry } from './conntrack-entry.ts';
import type { Packet } from './packet.ts';
import type { RouteAnswer } from './routing/outcome.ts';
import type { Proof, Step, Verdict } from './step.ts';
import type { Action } from './vocabulary/actions.ts';
import type { Assumption } from './vocabulary/assumptions.ts';
import type { Place } from './vocabulary/places.ts';
import type { LegEnd, Outcome, WalkConnection } from './walk-result.ts';
import type { Zone } from './zone.ts';

/** What a whole walk shares. */
export interface World {
  readonly network: Network;
  /** Numbers the conntrack entries of this walk. */
  nextEntryId: number;
  /** Branches started so far; beyond MAX_BRANCHES no fork is taken. */
  branches: number;
  cut: boolean;
  /** On the way back: the packet as it was sent and where (undefined: by nobody in the bundle), whose mirror image the sender's socket waits for. */
  readonly awaited:
    | {
        readonly namespace: string | undefined;
        readonly packet: Packet;
        /** The socket named no source address: the kernel chose it. */
        readonly unbound?: boolean;
      }
    | undefined;
  /**
   * Of a walk with changes applied: the ways between two nodes (`lostWay`) on which the unchanged walk saw the packet vanish, which lead nowhere still. On every
   * other way the captures know nothing of the changed packet. Undefined where nothing is changed.
   */
  readonly lostWays: ReadonlySet<string> | undefined;
  /** The very connection was asked about: it goes by its own entry. Otherwise what holds of a new one is meant. */
  readonly ofConnection?: boolean;
  /** What the packets before this one took for granted of ways that nobody captured: it goes by the same. */
  readonly before?: readonly Assumption[];
}

export const MAX_BRANCHES = 96;
/** Namespaces that one packet may pass before the walk calls it a loop: more than hops that a packet can make. */
export const MAX_NAMESPACES = 160;

/** State that conntrack and IPVS keep per namespace while the flow goes on. Never written to: a change makes a new one. */
export interface Tracking {
  readonly entries: ReadonlyMap<string, readonly WalkEntry[]>;
  readonly connections: readonly WalkConnection[];
}

/**
 * A packet on its way: the skb with what the kernel hangs on it. Immutable; forks share what they have in common. Its conntrack zone is the one that a raw rule's
 * template gives (`-j CT --zone`), and 0 otherwise.
 */
export interface Branch extends Zone {
  readonly namespace: NetNamespace;
  readonly packet: Packet;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  /** The device that OUTPUT's rules see throughout (nf_hook_state.out): a new route on the way through the hook does not change it. */
  readonly hookOut: string | undefined;
  /** Bridge port that the packet came in by, where br_netfilter shows it. */
  readonly physIn: string | undefined;
  readonly physOut: string | undefined;
  /** What conntrack found; `UNTRACKED` without `notrack` means that it was not asked yet. */
  readonly ct: CtInfo;
  /** A raw rule or IPVS without conntrack took the packet out of tracking. */
  readonly notrack: boolean;
  /** nf_ct_attach was here: a refusal of REJECT's or icmp_send's, which NOTRACK leaves alone although it may have no entry. */
  readonly attached: boolean;
  readonly secpath: readonly XfrmState[];
  /** skb->ipvs_property: IPVS has translated the packet and takes no second look. */
  readonly ipvs: boolean;
  readonly route: RouteAnswer | undefined;
  /** Policy and states of the XFRM bundle that the packet's dst is, innermost first. */
  readonly bundle: { readonly policy: XfrmPolicy; readonly states: readonly XfrmState[] } | undefined;
  /** IPSKB_XFRM_TRANSFORMED: an ESP packet is not looked up again. */
  readonly transformed: boolean;
  /** Device by which a tunnel's outer packet must leave (`dev` of the tunnel). */
  readonly boundTo: string | undefined;
  /** make_blackhole: the end that awaits the packet of this host's own behind OUTPUT, where its policy has no state. */
  readonly discarded?: (StepParts & { readonly verdict: Exclude<Verdict, 'continue'> }) | undefined;
  /** The local socket that TPROXY gave the packet to (skb->sk). */
  readonly assigned?: Socket | undefined;
  /** Destination MAC of the frame that brought the packet, where neighbour tables tell it. */
  readonly dstMac: string | undefined;
  /** Source MAC of that frame. */
  readonly srcMac: string | undefined;
  /** The address that the frame was meant for at the previous hop. */
  readonly nextHop: string | undefined;
  readonly steps: readonly Step[];
  readonly tracking: Tracking;
  readonly assumptions: readonly Assumption[];
  readonly share: number;
  readonly namespaces: number;
  readonly end: LegEnd | undefined;
}

export const UNTRACKED: CtInfo = { state: 'UNTRACKED', direction: 'original', entry: undefined };

export const startBranch = (namespace: NetNamespace, packet: Packet, tracking: Tracking): Branch => ({
  namespace,
  packet,
  iif: undefined,
  oif: undefined,
  hookOut: undefined,
  physIn: undefined,
  physOut: undefined,
  ct: UNTRACKED,
  notrack: false,
  attached: false,
  zone: 0,
  secpath: [],
  ipvs: false,
  route: undefined,
  bundle: undefined,
  transformed: false,
  boundTo: undefined,
  dstMac: undefined,
  srcMac: undefined,
  nextHop: undefined,
  steps: [],
  tracking,
  assumptions: [],
  share: 1,
  namespaces: 0,
  end: undefined,
});

/** Decides one thing about a branch: usually one branch comes back, several where the bundle leaves it open. */
export type Stage = (world: World, branch: Branch) => readonly Branch[];

/** Runs stages one after the other; a branch that has ended passes through. */
export const inOrder =
  (...stages: readonly Stage[]): Stage =>
  (world, branch) => {
    let open: readonly Branch[] = [branch];
    for (const stage of stages) open = open.flatMap((b) => (b.end ? [b] : fork(world, stage(world, b))));
    return open;
  };

/** Accounts for a fork; beyond the bound only the largest share goes on, and the walk says that it was cut. */
const fork = (world: World, branches: readonly Branch[]): readonly Branch[] => {
  if (branches.length <= 1) return branches;
  if (world.branches + branches.length - 1 > MAX_BRANCHES) {
    world.cut = true;
    return [branches.reduce((best, b) => (b.share > best.share ? b : best))];
  }
  world.branches += branches.length - 1;
  return branches;
};

export interface StepParts {
  readonly place: Place;
  readonly stage: string;
  readonly device?: string | undefined;
  readonly action: Action;
  readonly after?: Packet;
  readonly verdict?: Verdict;
  readonly proofs?: readonly Proof[];
}

/** The branch with one more step, and the step's packet as its own. */
export const step = (b: Branch, parts: StepParts): Branch => {
  const after = parts.after ?? b.packet;
  const made: Step = {
    node: b.namespace.node,
    namespace: b.namespace.name,
    place: parts.place,
    stage: parts.stage,
    device: parts.device === UNNAMED_DEVICE ? undefined : parts.device,
    action: parts.action,
    before: b.packet,
    after,
    verdict: parts.verdict ?? 'continue',
    proofs: parts.proofs ?? [],
  };
  return { ...b, packet: after, steps: [...b.steps, made] };
};

const OUTCOME_OF: Readonly<Record<Exclude<Verdict, 'continue'>, Outcome>> = {
  drop: 'dropped',
  reject: 'rejected',
  reset: 'reset',
  deliver: 'delivered',
  lost: 'lost',
  unknown: 'unknown',
};

/** The branch's last step: it ends here, for the reason that the action's code names. */
export const finish = (
  b: Branch,
  parts: StepParts & { readonly verdict: Exclude<Verdict, 'continue'> },
  between?: readonly [string, string],
): Branch => {
  const last = step(b, parts);
  return {
    ...last,
    end: {
      outcome: OUTCOME_OF[parts.verdict],
      node: between ? null : b.namespace.node,
      namespace: b.namespace.name,
      between,
      reason: parts.action.code,
    },
  };
};

/** Takes something for granted, once per namespace. */
export const assume = (b: Branch, ...assumptions: readonly Assumption[]): Branch => {
  const known = new Set(b.assumptions.map(assumptionKey));
  const fresh = assumptions.filter((a) => !known.has(assumptionKey(a)));
  return fresh.length === 0 ? b : { ...b, assumptions: [...b.assumptions, ...fresh] };
};

/** Assumptions of which a namespace may need several: each about another address. */
const BY_VALUES: ReadonlySet<string> = new Set(['way-assumed', 'nat-by-entry']);

const assumptionKey = (a: Assumption): string =>
  a.missing && !BY_VALUES.has(a.code)
    ? `${a.code} ${a.missing.kind} ${a.missing.namespace}`
    : `${a.code} ${a.missing?.namespace ?? ''} ${JSON.stringify(a.values)}`;

export const decisive = (...sources: readonly ({ readonly source: Proof['source'] } | undefined)[]): Proof[] =>
  sources.flatMap((s) => (s ? [{ source: s.source, role: 'decisive' as const }] : []));
