import { type NetNamespace, sysctl, sysctlNumber } from '../../network/namespace.ts';
import type { Sourced } from '../../records/source.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, stepsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';

const MAX = 'net.netfilter.nf_conntrack_max';
const COUNT = 'net.netfilter.nf_conntrack_count';
const NEARLY = 0.95;
const MESSAGE = /nf_conntrack: .*table full|conntrack: table full/;

export interface Fullness {
  readonly count: number | undefined;
  readonly max: number | undefined;
  /** Packets that conntrack dropped and entries that it evicted, over all processors. */
  readonly dropped: number;
  readonly lines: readonly Sourced[];
  readonly message: Sourced | undefined;
}

/** How full a namespace's connection table is: by its sysctls, the count also by the dump itself. */
export const fullnessOf = (ns: NetNamespace): Fullness => {
  const dumped = ns.conntrack[0]?.count;
  const stated = sysctlNumber(ns, COUNT);
  const drops = ns.conntrackStats.filter(
    (s) => (s.counters.get('drop') ?? 0) + (s.counters.get('early_drop') ?? 0) > 0,
  );
  return {
    count: stated === undefined ? dumped : Math.max(stated, dumped ?? 0),
    max: sysctlNumber(ns, MAX) ?? sysctlNumber(ns, 'net.nf_conntrack_max'),
    dropped: drops.reduce((sum, s) => sum + (s.counters.get('drop') ?? 0) + (s.counters.get('early_drop') ?? 0), 0),
    lines: drops,
    message: ns.messages.findLast((m) => MESSAGE.test(m.text)),
  };
};

/** The table holds nf_conntrack_max entries: no entry can be had for a new connection, and its packets are dropped. Known connections go on. */
export const conntrackTableFull: Cause = {
  id: 'conntrack-table-full',
  group: 'B',
  layer: 'conntrack',
  control: false,
  needs: ['sysctl', 'conntrack', 'conntrack-stats', 'dmesg', 'tcpdump'],
  references: ['net/netfilter/nf_conntrack_core.c: __nf_conntrack_alloc, early_drop', 'kubernetes/kubernetes#18604'],
  detect: (context): readonly Verdict[] => {
    if (!isBroken(context)) return [];
    const asked = new Set<string>();
    for (const step of stepsOf(context)) {
      const id = namespaceId(step);
      if (asked.has(id)) continue;
      asked.add(id);
      const ns = context.network.namespaces.get(id);
      const verdict = ns && judge(context, ns);
      if (verdict) return [verdict];
    }
    return [];
  },
};

const judge = (context: CauseContext, ns: NetNamespace): Verdict | undefined => {
  const step = stepsOf(context).find((s) => namespaceId(s) === ns.id);
  if (!step) return undefined;
  const full = fullnessOf(ns);
  const confirmed = full.message !== undefined || full.dropped > 0;
  // An entry of this attempt was made: the table had room for it.
  if (context.evidence.entries.some((e) => e.namespace === ns.id && e.agrees !== false)) return undefined;
  const values = {
    count: full.count ?? 0,
    max: full.max ?? 0,
    dropped: full.dropped,
    message: full.message !== undefined,
  };
  if (full.max === undefined || full.count === undefined) {
    const cameHere = context.evidence.packets.some((p) => p.namespace === ns.id);
    return full.message !== undefined && cameHere
      ? undecided([{ kind: 'sysctl', namespace: ns.id }], values)
      : undefined;
  }
  if (full.max <= 0 || full.count < NEARLY * full.max) return undefined;
  const more = full.max * 4;
  return {
    ...foundAt(
      { ...step, place: 'PREROUTING' },
      {
        confidence: confirmed && context.evidence.seen !== 'unknown' ? 'certain' : 'likely',
        values,
        evidence: [
          ...decisiveLine(sysctl(ns, COUNT), [COUNT, String(full.count)]),
          ...decisiveLine(sysctl(ns, MAX), [MAX, String(full.max)]),
          ...decisiveLine(full.message, ['table full']),
          ...full.lines.slice(0, 2).flatMap((line) => supportingLine(line, ['drop='])),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'raise-max',
            commands: [commandIn(ns, shell`sysctl -w ${MAX}=${more}`)],
            changes: [{ namespace: ns.id, op: 'set', what: 'sysctl', name: MAX, value: String(more) }],
            values: { max: more },
          },
        ],
      },
    ),
  };
};
