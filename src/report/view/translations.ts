import type { FlowAnalysis } from '../../causes/facts/finding.ts';
import type { SeenEntry } from '../../evidence/observation.ts';
import type { WalkEntry, WalkTuple } from '../../path/conntrack-entry.ts';
import type { WalkConnection } from '../../path/walk-result.ts';
import type { IpvsConnection } from '../../records/ipvs.ts';
import { endpoint } from '../packet-text.ts';
import { visibleLine } from '../visible.ts';
import type { Label } from '../words.ts';

/** One end of a tuple, marked where prediction and observation differ. */
export interface EndView {
  readonly name: string;
  readonly text: string;
  readonly differs: boolean;
}
export interface TupleView {
  /** Label key of the direction: `tuple-original`, `tuple-reply`, `tuple-ipvs`. */
  readonly title: Label;
  readonly ends: readonly EndView[];
}
export interface TranslationView {
  readonly place: string;
  /** `conntrack` or `ipvs`. */
  readonly kind: 'conntrack' | 'ipvs';
  readonly predicted: readonly TupleView[];
  readonly observed: readonly TupleView[];
  readonly state: string;
  readonly source: string;
  /** Label key: `agree-yes`, `agree-no`, `agree-unseen`, `agree-unpredicted`. */
  readonly agreement: Label;
  readonly agrees: boolean;
}

interface Port {
  readonly address: string;
  readonly port: number | undefined;
}

const differs = (one: Port, other: Port | undefined): boolean =>
  other !== undefined &&
  (one.address !== other.address || (one.port !== undefined && other.port !== undefined && one.port !== other.port));

const tupleEnds = (tuple: WalkTuple): readonly [string, Port][] => [
  ['src', { address: tuple.src, port: tuple.sport }],
  ['dst', { address: tuple.dst, port: tuple.dport }],
];

const tupleView = (
  title: Label,
  tuple: readonly [string, Port][],
  other: readonly [string, Port][] | undefined,
): TupleView => ({
  title,
  ends: tuple.map(([name, end], i) => ({
    name,
    text: end.port === undefined ? `${endpoint(end.address, undefined)}:*` : endpoint(end.address, end.port),
    differs: differs(end, other?.[i]?.[1]),
  })),
});

const sameFlow = (seen: SeenEntry, made: WalkEntry): boolean => {
  const { original } = seen.entry;
  return (
    seen.entry.proto === made.proto &&
    !differs(
      { address: made.original.src, port: made.original.sport },
      { address: original.src, port: original.sport },
    ) &&
    !differs({ address: made.original.dst, port: made.original.dport }, { address: original.dst, port: original.dport })
  );
};

const entryView = (place: string, made: WalkEntry | undefined, seen: SeenEntry | undefined): TranslationView => {
  const tuples = (one: { original: WalkTuple; reply: WalkTuple } | undefined, other: typeof one): TupleView[] =>
    one
      ? [
          tupleView('tuple-original', tupleEnds(one.original), other && tupleEnds(other.original)),
          tupleView('tuple-reply', tupleEnds(one.reply), other && tupleEnds(other.reply)),
        ]
      : [];
  const predicted = tuples(made, seen?.entry);
  const observed = tuples(seen?.entry, made);
  const different = observed.some((tuple) => tuple.ends.some((end) => end.differs));
  const flags = seen
    ? [seen.entry.state, seen.entry.unreplied ? '[UNREPLIED]' : undefined, seen.entry.assured ? '[ASSURED]' : undefined]
    : [];
  return {
    place,
    kind: 'conntrack',
    predicted,
    observed,
    state: visibleLine(flags.filter((flag) => flag !== undefined).join(' ')),
    source: seen ? `${visibleLine(seen.entry.source.file)}:${seen.entry.source.line}` : '',
    agreement: !made ? 'agree-unpredicted' : !seen ? 'agree-unseen' : different ? 'agree-no' : 'agree-yes',
    agrees: made !== undefined && seen !== undefined && !different,
  };
};

type Connection = Pick<
  WalkConnection,
  'proto' | 'client' | 'clientPort' | 'virtual' | 'virtualPort' | 'server' | 'serverPort'
>;

const connectionEnds = (c: Connection): readonly [string, Port][] => [
  ['client', { address: c.client, port: c.clientPort }],
  ['virtual', { address: c.virtual, port: c.virtualPort }],
  ['server', { address: c.server, port: c.serverPort }],
];

const connectionView = (
  place: string,
  made: WalkConnection | undefined,
  seen: IpvsConnection | undefined,
): TranslationView => {
  const predicted = made ? [tupleView('tuple-ipvs', connectionEnds(made), seen && connectionEnds(seen))] : [];
  const observed = seen ? [tupleView('tuple-ipvs', connectionEnds(seen), made && connectionEnds(made))] : [];
  const different = observed.some((tuple) => tuple.ends.some((end) => end.differs));
  return {
    place,
    kind: 'ipvs',
    predicted,
    observed,
    state: seen ? visibleLine(seen.state) : '',
    source: seen ? `${visibleLine(seen.source.file)}:${seen.source.line}` : '',
    agreement: !made ? 'agree-unpredicted' : !seen ? 'agree-unseen' : different ? 'agree-no' : 'agree-yes',
    agrees: made !== undefined && seen !== undefined && !different,
  };
};

/** What the flow is called on each node: what the walk predicts beside what the dumps show, in the order of the lanes. */
export const translationsOf = (flow: FlowAnalysis, order: readonly string[]): TranslationView[] => {
  const branch = flow.walked.branches[0];
  const places = [
    ...new Set([
      ...order,
      ...[...(branch?.entries.keys() ?? [])].sort(),
      ...flow.evidence.entries.map((seen) => seen.namespace),
      ...flow.evidence.connections.map((seen) => seen.namespace),
    ]),
  ];
  return places.flatMap((place) => {
    const name = visibleLine(place);
    const views: TranslationView[] = [];
    const entries = flow.evidence.entries.filter((seen) => seen.namespace === place);
    const used = new Set<SeenEntry>();
    for (const made of branch?.entries.get(place) ?? []) {
      const match =
        entries.find((seen) => !used.has(seen) && sameFlow(seen, made)) ??
        entries.find((seen) => !used.has(seen) && seen.agrees === false);
      if (match) used.add(match);
      // The tunnel's own entry (ESP, the UDP of VXLAN) is no name of this flow: told only where it was seen.
      if (match || made.proto === flow.question.proto) views.push(entryView(name, made, match));
    }
    for (const seen of entries) if (!used.has(seen)) views.push(entryView(name, undefined, seen));
    const connections = flow.evidence.connections
      .filter((seen) => seen.namespace === place)
      .map((seen) => seen.connection);
    const taken = new Set<IpvsConnection>();
    for (const made of branch?.connections.filter((connection) => connection.namespace === place) ?? []) {
      const match =
        connections.find(
          (seen) =>
            !taken.has(seen) && !connectionEnds(made).some(([, end], i) => differs(end, connectionEnds(seen)[i]?.[1])),
        ) ?? connections.find((seen) => !taken.has(seen) && seen.virtual === made.virtual);
      if (match) taken.add(match);
      views.push(connectionView(name, made, match));
    }
    for (const seen of connections) if (!taken.has(seen)) views.push(connectionView(name, undefined, seen));
    return views;
  });
};
