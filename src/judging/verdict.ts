import type { Confidence, EvidenceLine, FlowAnalysis } from '../causes/facts/finding.ts';
import { type AskableFlow, askableFlows } from '../evidence/askable.ts';
import { knows } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import { legsOfBranch, type WalkBranch } from '../path/walk-result.ts';
import type { CaptureKind } from '../records/capture.ts';
import type { Judgement } from './judge.ts';
import { shownLines } from './shown-lines.ts';

/**
 * What the whole analysis comes to, the same in every output.
 *
 * - `cause`: a cause holds, certain or likely. `possible`: only possible ones.
 * - `undecided`: a flow fails, or its walk ends, and no known cause says by what.
 * - `not-enough`: the bundle does not hold what it takes to follow the flow, or shows no flow at all.
 * - `no-failure-seen`: nothing that was captured stops the flow (or, not asked about one, no flow looks broken), and nothing shows that it works.
 * - `healthy`: the flow was seen answered to its end, or walked there and back on captured facts alone.
 */
export type VerdictCode = 'cause' | 'possible' | 'undecided' | 'no-failure-seen' | 'not-enough' | 'healthy';

/** Captures in which a flow shows that it fails, and on how many of the bundle's nodes they were captured. */
export interface LookedAt {
  readonly kind: CaptureKind;
  readonly nodes: readonly string[];
  /** Nodes without it. */
  readonly without: readonly string[];
}

export interface Verdict {
  readonly code: VerdictCode;
  /** How a `healthy` flow is known to be so. */
  readonly by: 'seen' | 'walked' | undefined;
  readonly examined: {
    /** Whether somebody asked about a flow. */
    readonly asked: boolean;
    readonly flows: readonly { readonly id: string; readonly code: VerdictCode }[];
    readonly nodes: readonly { readonly name: string; readonly kinds: readonly CaptureKind[] }[];
    readonly lookedAt: readonly LookedAt[];
  };
  /** What the bundle shows of the flow that it is about, where no cause holds: a few lines. */
  readonly evidence: readonly EvidenceLine[];
  /** Flows that the bundle can be asked about, where none was and none looks broken. */
  readonly askable: readonly AskableFlow[];
}

/** The worst first: what several flows come to. */
const ORDER: readonly VerdictCode[] = ['cause', 'possible', 'undecided', 'not-enough', 'no-failure-seen', 'healthy'];

/** In which captures a broken flow shows by itself. */
const SYMPTOMS: readonly CaptureKind[] = [
  'conntrack',
  'ipvsadm-connections',
  'tcpdump',
  'sockets',
  'counters',
  'xfrm-stat',
  'dmesg',
];

/** Flows that are offered where none was asked about. */
const ASKABLE = 8;

export const verdictOf = (network: Network, judged: readonly Judgement[], asked: boolean): Verdict => {
  const flows = judged.map((j) => ({ id: j.flow.id, code: flowVerdict(j) }));
  const lookedAt = lookedAtOf(network);
  const code = overall(
    flows.map((f) => f.code),
    asked,
    lookedAt.some((l) => l.nodes.length > 0),
  );
  return {
    code,
    by: code === 'healthy' ? (judged.every((j) => j.flow.evidence.seen === 'ok') ? 'seen' : 'walked') : undefined,
    examined: {
      asked,
      flows,
      nodes: network.nodes.map((node) => ({
        name: node.name,
        kinds: [...new Set(node.namespaces.flatMap((ns) => (ns.imagined ? [] : [...ns.captured])))].sort(),
      })),
      lookedAt,
    },
    evidence: code === 'cause' || code === 'possible' ? [] : evidenceOf(judged, flows, code),
    askable: !asked && code !== 'cause' ? askableFlows(network, ASKABLE) : [],
  };
};

const evidenceOf = (
  judged: readonly Judgement[],
  flows: Verdict['examined']['flows'],
  code: VerdictCode,
): readonly EvidenceLine[] => {
  const about = judged[flows.findIndex((flow) => flow.code === code)] ?? judged[0];
  return about ? shownLines(about) : [];
};

/** One flow that works does not make a bundle healthy that nobody asked about. */
const overall = (codes: readonly VerdictCode[], asked: boolean, looked: boolean): VerdictCode => {
  const worst = ORDER.find((code) => codes.includes(code));
  if (worst !== undefined) return asked || worst !== 'healthy' ? worst : 'no-failure-seen';
  return looked ? 'no-failure-seen' : 'not-enough';
};

const LOUD: ReadonlySet<Confidence> = new Set(['certain', 'likely']);

/** What one flow comes to. */
export const flowVerdict = ({ flow, found }: Judgement): VerdictCode => {
  if (found.some((f) => LOUD.has(f.confidence))) return 'cause';
  if (found.length > 0) return 'possible';
  if (flow.evidence.seen === 'ok') return 'healthy';
  if (flow.evidence.seen !== 'unknown') return 'undecided';
  return walkVerdict(flow);
};

/** Nothing was seen of the flow: the walk alone speaks. */
const walkVerdict = ({ walked }: FlowAnalysis): VerdictCode => {
  const [branch] = walked.branches;
  if (!branch) return 'not-enough';
  if (branch.outcome === 'unknown') return isStuckAtOnce(branch) ? 'not-enough' : 'undecided';
  if (branch.outcome !== 'delivered' || walked.branches.some(fails)) return 'undecided';
  return !walked.cut && walked.branches.every(isWalkedOnCaptures) ? 'healthy' : 'no-failure-seen';
};

const fails = ({ outcome }: WalkBranch): boolean => outcome !== 'delivered' && outcome !== 'unknown';

/** The request could not be followed out of the namespace in which it begins. */
const isStuckAtOnce = ({ forward }: WalkBranch): boolean =>
  forward.end.outcome === 'unknown' && new Set(forward.steps.map((s) => `${s.node}/${s.namespace}`)).size <= 1;

/** What is left to chance, and comes to the same whichever way it falls. */
const CHANCE: ReadonlySet<string> = new Set(['random-port', 'ipvs-any-server', 'local-table-assumed']);

/** Request and answer walked to their ends, and every step decided by what was captured. */
const isWalkedOnCaptures = (branch: WalkBranch): boolean =>
  branch.outcome === 'delivered' &&
  branch.reply !== undefined &&
  branch.assumptions.every((a) => CHANCE.has(a.code)) &&
  legsOfBranch(branch).every((leg) => leg.steps.length > 0);

const lookedAtOf = (network: Network): readonly LookedAt[] =>
  SYMPTOMS.map((kind) => {
    const has = (name: string): boolean =>
      network.nodes.some((n) => n.name === name && n.namespaces.some((ns) => !ns.imagined && knows(ns, kind)));
    const names = network.nodes.map((node) => node.name);
    return { kind, nodes: names.filter(has), without: names.filter((name) => !has(name)) };
  });
