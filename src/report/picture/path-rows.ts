import type { Packet } from '../../path/packet.ts';
import type { Step } from '../../path/step.ts';
import { type Leg, type WalkBranch, wayOf } from '../../path/walk-result.ts';
import { type LegName, legsOf } from '../legs.ts';
import { renames } from '../wording.ts';

/** A column of the picture: a network namespace, or what lies outside of the bundle. */
export interface Lane {
  readonly id: string;
  readonly node: string;
  readonly namespace: string;
  readonly outside: boolean;
}

/** What happens one below the other. `lane` is an index into the lanes. */
export type Row =
  | { readonly kind: 'packet'; readonly lane: number; readonly packet: Packet }
  | {
      readonly kind: 'step';
      readonly lane: number;
      readonly step: Step;
      readonly look: 'pass' | 'change' | 'death' | 'arrival' | 'open';
    }
  | { readonly kind: 'more'; readonly lane: number; readonly count: number }
  | {
      readonly kind: 'crossing';
      readonly from: number;
      readonly to: number;
      readonly packet: Packet;
      readonly lost: boolean;
    }
  | { readonly kind: 'end'; readonly lane: number; readonly outcome: 'outside' | 'lost' | 'unknown' };

export interface PathRows {
  readonly lanes: readonly Lane[];
  readonly legs: readonly {
    readonly name: LegName;
    readonly look: 'forward' | 'reply';
    readonly rows: readonly Row[];
  }[];
}

/** Steps in one lane that change nothing, beyond which the middle ones are counted instead of drawn. */
const PASSING_SHOWN = 7;

const OUTSIDE = '\u0000outside';
const laneId = (step: Step): string => `${step.node}\u0000${step.namespace}`;

const laneList = (branch: WalkBranch, startsOutside: boolean): Lane[] => {
  const lanes: Lane[] = [];
  const add = (id: string, node: string, namespace: string, outside = false) => {
    if (!lanes.some((lane) => lane.id === id)) lanes.push({ id, node, namespace, outside });
  };
  if (startsOutside) add(OUTSIDE, '', '', true);
  for (const { leg } of legsOf(branch)) {
    for (const step of leg.steps) add(laneId(step), step.node, step.namespace);
    if (leg.end.between) add(`${leg.end.between[1]}\u0000`, leg.end.between[1], '');
    if (leg.end.reason === 'outside') add(OUTSIDE, '', '', true);
  }
  return lanes;
};

const lookOf = (step: Step, isLast: boolean, leg: Leg): 'pass' | 'change' | 'death' | 'arrival' | 'open' => {
  if (step.verdict === 'drop' || step.verdict === 'reject' || step.verdict === 'reset') return 'death';
  // A socket that nobody saw is not reached.
  if (step.action.code === 'socket-assumed') return 'open';
  if (step.verdict === 'deliver') return 'arrival';
  if (isLast && ['dropped', 'rejected', 'reset'].includes(leg.end.outcome)) return 'death';
  if (step.verdict === 'unknown') return 'open';
  return renames(step) ? 'change' : 'pass';
};

/** Long runs of steps that only pass become their ends and a count. */
const shortened = (rows: readonly Row[]): Row[] => {
  const out: Row[] = [];
  let i = 0;
  while (i < rows.length) {
    let end = i;
    const first = rows[i] as Row;
    const passes = (row: Row | undefined) =>
      row?.kind === 'step' && row.look === 'pass' && first.kind === 'step' && row.lane === first.lane;
    while (end < rows.length && passes(rows[end])) end += 1;
    const length = end - i;
    if (first.kind === 'step' && length > PASSING_SHOWN) {
      out.push(
        ...rows.slice(i, i + 3),
        { kind: 'more', lane: first.lane, count: length - 5 },
        ...rows.slice(end - 2, end),
      );
      i = end;
    } else {
      out.push(...rows.slice(i, Math.max(end, i + 1)));
      i = Math.max(end, i + 1);
    }
  }
  return out;
};

const legRows = (leg: Leg, lanes: readonly Lane[], from: number | undefined): Row[] => {
  const rows: Row[] = [];
  const indexOf = (id: string) => lanes.findIndex((lane) => lane.id === id);
  let lane = from;
  let packet = leg.packet;
  if (from !== undefined) rows.push({ kind: 'packet', lane: from, packet });
  leg.steps.forEach((step, i) => {
    const here = indexOf(laneId(step));
    if (lane === undefined) rows.push({ kind: 'packet', lane: here, packet });
    else if (lane !== here) rows.push({ kind: 'crossing', from: lane, to: here, packet, lost: false });
    // The crossing that ends in nothing shows it; a row of its own would say it twice.
    if (!(step.verdict === 'lost' && leg.end.between))
      rows.push({ kind: 'step', lane: here, step, look: lookOf(step, i === leg.steps.length - 1, leg) });
    lane = here;
    packet = step.after;
  });
  const { end } = leg;
  if (lane === undefined) return rows;
  if (end.between)
    rows.push({ kind: 'crossing', from: lane, to: indexOf(`${end.between[1]}\u0000`), packet, lost: true });
  else if (end.reason === 'outside') {
    const to = indexOf(OUTSIDE);
    if (to !== lane) rows.push({ kind: 'crossing', from: lane, to, packet, lost: false });
    rows.push({ kind: 'end', lane: to, outcome: 'outside' });
  } else if (end.outcome === 'lost') rows.push({ kind: 'end', lane, outcome: 'lost' });
  else if (end.outcome === 'unknown') rows.push({ kind: 'end', lane, outcome: 'unknown' });
  return rows;
};

/** A walk as lanes and rows: forward above, reply below. */
export const pathRows = (branch: WalkBranch, startsOutside: boolean): PathRows => {
  const lanes = laneList(branch, startsOutside);
  const outside = lanes.findIndex((lane) => lane.id === OUTSIDE);
  const start = (name: LegName, leg: Leg): number | undefined => {
    if (name === 'forward') return startsOutside ? outside : undefined;
    return leg.steps.length > 0 && name === 'reply' && branch.forward.end.reason === 'outside' && outside >= 0
      ? outside
      : undefined;
  };
  const legs = legsOf(branch).map(({ name, leg }) => ({
    name,
    look: wayOf(leg),
    rows: shortened(legRows(leg, lanes, start(name, leg))),
  }));
  return { lanes, legs };
};
