import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { ConntrackStats, ConntrackTable } from '../../records/conntrack.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, numberOf, proofsOf, stepsOf } from '../facts/ending.ts';
import type { Cause, Confidence, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { failsUnexplained } from '../facts/trace.ts';

/** The default range of ports that local sockets take, and with it most masqueraded connections: 32768 to 60999. */
const EPHEMERAL = 28_232;
/** The share of the ports at which the search begins to fail. */
const NEARLY = 0.9;

/**
 * All connections from one masquerading address to one server's port need a source port each. When nearly all are taken, the search for a free one gives up
 * (128 tries) and the packet is dropped. A rule may allow few ports from the start (`--to-source ADDRESS:FIRST-LAST`, `--to-ports`).
 */
export const snatPortExhaustion: Cause = {
  id: 'snat-port-exhaustion',
  group: 'C',
  layer: 'nat',
  control: false,
  needs: ['conntrack', 'conntrack-stats', 'sysctl'],
  references: ['net/netfilter/nf_nat_core.c: nf_nat_l4proto_unique_tuple', 'RFC 6056'],
  detect: (context): readonly Verdict[] => {
    if (!isBroken(context)) return [];
    for (const step of stepsOf(context)) {
      if ((step.action.code !== 'masquerade' && step.action.code !== 'snat') || step.before.src === step.after.src)
        continue;
      const ns = context.network.namespaces.get(namespaceId(step));
      const table = ns?.conntrack[0];
      if (ns && !table && !knows(ns, 'conntrack') && failures(ns).count > 0 && failsUnexplained(context))
        return [
          undecided([{ kind: 'conntrack', namespace: ns.id }], { source: step.after.src, server: step.after.dst }),
        ];
      if (!ns || !table) continue;
      const { src, dst, dport, proto } = step.after;
      const block = blockOf(step);
      const capacity = block?.size ?? EPHEMERAL;
      const used = portsInUse(table, { proto, source: src, server: dst, port: dport, block });
      if (used.count < Math.max(1, Math.round(NEARLY * capacity))) continue;
      // The flow's own entry holds a port: it found one.
      if (context.evidence.entries.some((e) => e.namespace === ns.id)) continue;
      const { lines, count: failed } = failures(ns);
      return [
        foundAt(step, {
          confidence: confidenceOf(failed, used.count >= capacity, block !== undefined),
          values: {
            source: src,
            server: dst,
            port: dport ?? 0,
            used: used.count,
            failed,
            firstPort: block?.first ?? 0,
            lastPort: block?.last ?? 0,
          },
          evidence: [
            ...lines.slice(0, 2).flatMap((line) => decisiveLine(line, ['insert_failed=', 'drop='])),
            ...used.examples.flatMap((row) => decisiveLine(table.entry(row), [`dst=${src}`])),
            ...proofsOf(step, [src]),
            ...symptomLines(context),
          ],
          fixes: [{ id: 'more-sources', commands: [], changes: [], values: { source: src } }],
        }),
      ];
    }
    return [];
  },
};

/** Entries that could not be had, over all processors. */
const failures = (ns: NetNamespace) => {
  const failed = (s: ConntrackStats) => (s.counters.get('insert_failed') ?? 0) + (s.counters.get('drop') ?? 0);
  const lines = ns.conntrackStats.filter((s) => failed(s) > 0);
  return { lines, count: lines.reduce((sum, s) => sum + failed(s), 0) };
};

/** Of a rule's own block the dump tells whether a port is left; of the kernel's whole range it tells how crowded it is. */
const confidenceOf = (failed: number, isFull: boolean, isBlock: boolean): Confidence => {
  if (!isFull) return 'possible';
  if (isBlock) return failed > 0 ? 'certain' : 'likely';
  return failed > 0 ? 'likely' : 'possible';
};

interface PortBlock {
  readonly first: number;
  readonly last: number;
  readonly size: number;
}

/** The ports that the rule allows, where it names them. */
const blockOf = (step: Step): PortBlock | undefined => {
  const first = numberOf(step, 'firstPort');
  const last = numberOf(step, 'lastPort');
  return first === undefined || last === undefined || last < first
    ? undefined
    : { first, last, size: last - first + 1 };
};

/** Entries whose answers come from the server's port to the masquerading address. */
const portsInUse = (
  table: ConntrackTable,
  {
    proto,
    source,
    server,
    port,
    block,
  }: {
    readonly proto: string;
    readonly source: string;
    readonly server: string;
    readonly port: number | undefined;
    readonly block: PortBlock | undefined;
  },
): { readonly count: number; readonly examples: readonly number[] } => {
  const ports = new Set<number>();
  const examples: number[] = [];
  for (const row of table.rowsWithAddress(source)) {
    const entry = table.entry(row);
    const taken = entry.reply.dport;
    if (entry.proto !== proto || entry.reply.dst !== source || entry.reply.src !== server || entry.reply.sport !== port)
      continue;
    if (taken === undefined || (block && (taken < block.first || taken > block.last))) continue;
    ports.add(taken);
    if (examples.length < 2) examples.push(row);
  }
  return { count: ports.size, examples };
};
