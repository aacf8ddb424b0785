import { isCluster } from '../../captures/known-formats.ts';
import type { CauseId } from '../../causes/facts/cause-id.ts';
import type { FlowAnalysis, Group } from '../../causes/facts/finding.ts';
import { asPart, NO_PART, part, type Shell, type ShellPart, shell } from '../../causes/facts/shell.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import { legsOfBranch } from '../../path/walk-result.ts';
import type { CaptureKind } from '../../records/capture.ts';
import { isLoopback } from '../../tables/address.ts';
import type { Judgement } from '../judge.ts';
import { CAUSES } from '../registry.ts';
import { commandsOf } from './commands.ts';
import { entering } from './enter.ts';
import type { CollectItem, CollectPlace } from './item.ts';
import { neededOnTheWay, neededWithoutFlow } from './way.ts';

/** What a capture is worth: by what hangs on it. */
const WORTH = { end: 10, assumption: 5, otherWay: 3, way: 1 } as const;
const GROUP_WORTH: Readonly<Record<Group, number>> = { A: 4, B: 3, C: 1 };
/** Causes beyond these make a capture no more decisive. */
const CAUSES_MOST = 9;

interface Wanted {
  readonly at: string;
  readonly kind: CaptureKind;
  readonly decides: Set<CauseId>;
  readonly flows: Set<string>;
  worth: number;
}

/**
 * Everything that would decide what the judgements leave open, at once: what causes ask for, what the walk took for granted, and what else the flow's way lacks. The most
 * decisive first, the commands of one place together. Of a flow whose cause is certain, or that works, only what causes ask for.
 */
export const collectFor = (network: Network, judged: readonly Judgement[]): readonly CollectItem[] => {
  const wanted = new Map<string, Wanted>();
  const want = (
    flow: FlowAnalysis | undefined,
    at: string,
    kind: CaptureKind,
    worth: number,
    cause?: CauseId,
  ): void => {
    if (isLoopback(at)) return;
    const place = isCluster(kind) ? '' : at;
    const key = `${place} ${kind}`;
    const known = wanted.get(key) ?? { at: place, kind, decides: new Set(), flows: new Set(), worth: 0 };
    known.worth = cause === undefined ? Math.max(known.worth, worth) : known.worth + Math.min(worth, CAUSES_MOST);
    if (cause !== undefined) known.decides.add(cause);
    if (flow) known.flows.add(flow.id);
    wanted.set(key, known);
  };
  for (const { flow, found, undecided } of judged) {
    for (const { id, missing } of undecided)
      for (const { namespace, kind } of missing)
        want(flow, namespace, kind, GROUP_WORTH[CAUSES.find((cause) => cause.id === id)?.group ?? 'C'], id);
    const isSettled = found.some((f) => f.confidence === 'certain') || (found.length === 0 && isDone(flow));
    if (isSettled) continue;
    flow.walked.branches.forEach((branch, i) => {
      const last = branch.assumptions.findLast((a) => a.missing !== undefined);
      for (const assumption of branch.assumptions) {
        if (!assumption.missing) continue;
        const decidesEnd = i === 0 && branch.outcome === 'unknown' && assumption === last;
        const worth = decidesEnd ? WORTH.end : i === 0 ? WORTH.assumption : WORTH.otherWay;
        want(flow, assumption.missing.namespace, assumption.missing.kind, worth);
      }
    });
    for (const { at, kind } of neededOnTheWay(network, flow)) want(flow, at, kind, WORTH.way);
  }
  if (judged.length === 0) for (const { at, kind } of neededWithoutFlow(network)) want(undefined, at, kind, WORTH.way);
  return grouped([...wanted.values()]).map((w) => itemOf(network, judged, w));
};

/** Seen to work, or walked there and back with nothing taken for granted. */
const isDone = ({ evidence, walked }: FlowAnalysis): boolean =>
  evidence.seen === 'ok' ||
  (evidence.seen === 'unknown' &&
    walked.branches.length > 0 &&
    walked.branches.every((b) => b.outcome === 'delivered' && b.assumptions.length === 0));

/** Places by their most decisive capture, each with its captures by worth. */
const grouped = (wanted: readonly Wanted[]): readonly Wanted[] => {
  const best = new Map<string, number>();
  for (const { at, worth } of wanted) best.set(at, Math.max(best.get(at) ?? 0, worth));
  const order = [...best.keys()];
  return [...wanted].sort(
    (a, b) =>
      (best.get(b.at) ?? 0) - (best.get(a.at) ?? 0) || order.indexOf(a.at) - order.indexOf(b.at) || b.worth - a.worth,
  );
};

const itemOf = (network: Network, judged: readonly Judgement[], wanted: Wanted): CollectItem => {
  const { at, kind, decides, flows } = wanted;
  const ns = network.namespaces.get(at);
  const concerned = judged.filter((j) => flows.has(j.flow.id)).map((j) => j.flow);
  const commands = commandsOf(kind, namesOf(concerned));
  return {
    place: placeOf(at, ns),
    where: at,
    capture: kind,
    command: ns?.imagined ? inPodOf(ns, commands) : joined(entering(network, ns), commands),
    decides: [...decides],
    flows: [...flows],
  };
};

const placeOf = (at: string, ns: NetNamespace | undefined): CollectPlace => {
  if (at === '') return { kind: 'cluster' };
  return ns ? { kind: 'namespace', node: ns.node, namespace: ns.name } : { kind: 'address', address: at };
};

/** The commands one after the other, each behind what enters the namespace. */
const joined = (enter: ShellPart, commands: readonly Shell[]): Shell => shell`${inSeries(enter, commands)}`;

const inSeries = (enter: ShellPart, commands: readonly Shell[]): ShellPart =>
  commands.reduce((all, one, i) => part`${all}${i === 0 ? NO_PART : part`; `}${enter}${asPart(one)}`, NO_PART);

/** A pod of which only the host tells: its namespace file is found by its address. */
const inPodOf = (ns: NetNamespace, commands: readonly Shell[]): Shell => {
  const address = [...ns.links.values()].flatMap((link) => link.addresses).find((a) => a.scope === 'global')?.address;
  const inside = inSeries(part`nsenter --net="$n" `, commands);
  return shell`for n in /var/run/netns/*; do nsenter --net="$n" ip -o addr | grep -qwF -e ${address ?? ns.name} && { ${inside}; }; done`;
};

/** The addresses by which flows go, before and behind every translation. */
const namesOf = (flows: readonly FlowAnalysis[]): readonly string[] =>
  [
    ...new Set(
      flows.flatMap(({ question, walked }) => [
        question.src,
        question.dst,
        ...walked.branches
          .slice(0, 1)
          .flatMap((branch) =>
            legsOfBranch(branch).flatMap((leg) =>
              leg.steps
                .filter((s) => s.after.inner === undefined && s.after.spi === undefined)
                .flatMap((s) => [s.after.src, s.after.dst]),
            ),
          ),
      ]),
    ),
  ].filter((address) => address !== '' && !isLoopback(address));
