import type { CaptureKind } from '../../records/capture.ts';
import type { Source } from '../../records/source.ts';
import type { Placed } from '../assign.ts';
import { type Clock, TORN, type Weight } from '../moments.ts';
import { type Identity, identityOf } from './identity.ts';
import { isState } from './state-kinds.ts';
import { isMoment, takeRank } from './take.ts';

/** Seconds since the epoch between which captures were taken, and where the last of them is told. */
export interface Span {
  readonly low: number;
  readonly high: number;
  readonly text: string;
  readonly source: Source;
}

/** What was collected of one machine in one go. */
export interface Part {
  readonly node: string;
  readonly placed: readonly Placed[];
  /** A name that no other collection has: of its folder, its archive or its file. */
  readonly title: string;
  /** Where the archive, folder or text lies that it was read from. */
  readonly bundle: string;
  readonly nameless: boolean;
  readonly ofMoment: boolean;
  readonly identity: Identity;
  readonly spans: ReadonlyMap<Weight, Span>;
  readonly rank: number | undefined;
  /** Kinds of state by namespace. */
  readonly state: ReadonlySet<string>;
}

export const stateKey = ({ found, namespace }: Placed): string | undefined =>
  found.kind !== undefined && isState(found.kind) ? `${namespace} ${found.kind satisfies CaptureKind}` : undefined;

export const partOf = (placed: readonly Placed[], clocks: readonly Clock[], title: string, bundle: string): Part => {
  const node = placed[0]?.node ?? '';
  const folders = node.split('/');
  return {
    node,
    placed,
    title,
    bundle,
    nameless: placed.every((p) => p.nameless) || isMoment(node),
    ofMoment: folders.length > 1 && folders.slice(0, -1).every(isMoment),
    identity: identityOf(placed.filter(({ namespace }) => namespace === '').map(({ found }) => found)),
    spans: spansOf(clocks),
    rank: takeRank(title),
    state: new Set(placed.flatMap((p) => stateKey(p) ?? [])),
  };
};

const spansOf = (clocks: readonly Clock[]): ReadonlyMap<Weight, Span> => {
  const spans = new Map<Weight, Span>();
  for (const { weight, epoch, text, file, line } of clocks) {
    const known = spans.get(weight);
    const last = !known || epoch >= known.high;
    spans.set(weight, {
      low: Math.min(epoch, known?.low ?? epoch),
      high: Math.max(epoch, known?.high ?? epoch),
      text: last ? text : known.text,
      source: last ? { file, line } : known.source,
    });
  }
  return spans;
};

const WEIGHTS: readonly Weight[] = ['printed', 'local', 'run', 'header'];

/** The clock by which all parts can be put in order. An archive's own times tell of the packing unless they are far apart. */
export const commonClock = (parts: readonly Part[]): Weight | undefined =>
  WEIGHTS.find((weight) => {
    const spans = parts.flatMap((part) => part.spans.get(weight) ?? []);
    if (spans.length < parts.length) return false;
    const ends = spans.map(({ high }) => high);
    return weight !== 'header' || Math.max(...ends) - Math.min(...ends) > TORN;
  });
