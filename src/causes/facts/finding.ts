import type { FlowEvidence } from '../../evidence/observation.ts';
import type { Change } from '../../network/change.ts';
import type { Network } from '../../network/network.ts';
import type { Missing } from '../../path/step.ts';
import type { Place } from '../../path/vocabulary/places.ts';
import type { FlowQuestion, Outcome, WalkBranch, WalkedFlow } from '../../path/walk-result.ts';
import type { CaptureKind } from '../../records/capture.ts';
import type { Source } from '../../records/source.ts';
import type { CauseId, CheckId } from './cause-id.ts';
import type { FixCommand } from './fix-command.ts';

export type Confidence = 'certain' | 'likely' | 'possible';

/** What a template may put into words. No sentence is built in code. */
export type Value = string | number | boolean | readonly string[];
export type Values = Readonly<Record<string, Value>>;

export interface EvidenceLine {
  readonly source: Source;
  readonly role: 'decisive' | 'supporting';
  /** Words of the line that decide, to be marked in the excerpt. */
  readonly words?: readonly string[];
}

/** A change that mends the flow, and whether the walk with it delivers. */
export interface Fix {
  /** Template name of its words: `CAUSE/ID`. */
  readonly id: string;
  /** Commands as they would be typed, in order, each with where it is for. None where one cannot be written so that every shell takes it as meant. */
  readonly commands: readonly FixCommand[];
  readonly changes: readonly Change[];
  /** True only after the walk with the changes has delivered request and reply. */
  readonly provenByWalk: boolean;
  readonly values: Values;
}

/** A cause that holds. */
export interface Found {
  readonly kind: 'found';
  readonly confidence: Confidence;
  /** Null where the packet dies between two nodes, which `between` names. */
  readonly node: string | null;
  readonly namespace: string;
  readonly between?: readonly [string, string];
  /** Code of the place: `xfrm-in`, `FORWARD`, `routing` … */
  readonly at: Place;
  readonly values: Values;
  readonly evidence: readonly EvidenceLine[];
  readonly fixes: readonly Omit<Fix, 'provenByWalk'>[];
  /**
   * The captures in which something does not stand whose absence the finding rests on, beyond what the walk's end itself says is not there. One that was not taken, or that breaks
   * off, makes the finding undecided.
   */
  readonly absent?: readonly Missing[];
}
/** A cause that was looked at and excluded, by which fact. */
export interface RuledOut {
  readonly kind: 'ruled-out';
  readonly because: string;
  readonly values: Values;
  readonly evidence: readonly EvidenceLine[];
}
/** A cause that only a missing capture could decide. */
export interface Undecided {
  readonly kind: 'undecided';
  readonly missing: readonly Missing[];
  readonly values: Values;
}
export type Verdict = Found | RuledOut | Undecided;

export interface CauseContext {
  readonly network: Network;
  readonly flow: WalkedFlow;
  /** The branch that observation confirms, or the largest: `flow.branches[0]`. */
  readonly branch: WalkBranch;
  readonly evidence: FlowEvidence;
  /** Walks the same flow with changes applied. */
  rewalk(changes: readonly Change[]): WalkedFlow;
  /** Walks another flow (a contrast: the pod's own address instead of the service's). */
  walk(question: FlowQuestion): WalkedFlow;
}

/** What the bundle says of a flow by itself, whether or not it could be walked. */
export interface ToldContext {
  readonly network: Network;
  readonly question: FlowQuestion;
  readonly evidence: FlowEvidence;
}

export type Group = 'A' | 'B' | 'C';
export type Layer =
  | 'service'
  | 'ipvs'
  | 'nat'
  | 'filter'
  | 'conntrack'
  | 'ipset'
  | 'route'
  | 'neighbour'
  | 'vxlan'
  | 'xfrm'
  | 'mtu'
  | 'socket'
  | 'bridge'
  | 'underlay'
  | 'load-balancer'
  | 'link'
  | 'sysctl';

/** One root cause (or healthy control) of the catalogue. */
export interface Cause {
  readonly id: CauseId;
  readonly group: Group;
  readonly layer: Layer;
  /** A healthy pattern that is reported as "works, and why": an observation, never a root cause. */
  readonly control: boolean;
  /** The client gets an answer, but a wrong one: that the flow was seen to work does not speak against this cause. */
  readonly worksWrongly?: boolean;
  readonly needs: readonly CaptureKind[];
  /** Kernel functions, RFCs, issues. */
  readonly references: readonly string[];
  /** Kernel, Kubernetes or agent versions; undefined for all. */
  readonly versions?: string;
  /** Ids of causes whose finding is a consequence of this one. */
  readonly explains?: readonly CauseId[];
  /** What holds of this flow; an empty list where the cause is not in question. */
  detect(context: CauseContext): readonly Verdict[];
  /**
   * What the kernel or a program says itself of this flow's packets: its log lines, a trace, what the client printed. It needs no walk; where the walk finds the same, its
   * lines join that finding.
   */
  told?(context: ToldContext): readonly Found[];
}

/** A cause that is seen in the bundle without a flow. */
export interface BundleCheck {
  readonly id: CheckId;
  readonly needs: readonly CaptureKind[];
  detect(network: Network): readonly Omit<Found, 'kind' | 'fixes'>[];
}

/** A finding as the report gets it. */
export interface Finding {
  readonly id: CauseId | CheckId;
  readonly flow: string | undefined;
  readonly confidence: Confidence;
  readonly node: string | null;
  readonly namespace: string;
  readonly between?: readonly [string, string];
  readonly at: Place;
  readonly values: Values;
  readonly evidence: readonly EvidenceLine[];
  readonly fixes: readonly Fix[];
  /** Findings that follow from this one. */
  readonly consequences: readonly Finding[];
}
export interface RuledOutFinding extends Omit<RuledOut, 'kind'> {
  readonly id: CauseId;
  readonly flow: string | undefined;
}
export interface UndecidedFinding extends Omit<Undecided, 'kind'> {
  readonly id: CauseId;
  readonly flow: string | undefined;
}

/** One flow with everything that was found out about it. */
export interface FlowAnalysis {
  /** `f1`, `f2` … */
  readonly id: string;
  readonly question: FlowQuestion;
  readonly startNode: string | undefined;
  readonly walked: WalkedFlow;
  /** The walk's outcome, or what observation says where the two part. */
  readonly outcome: Outcome;
  readonly evidence: FlowEvidence;
}
