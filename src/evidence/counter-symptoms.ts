import { counter, type NetNamespace } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import type { ActionCode } from '../path/vocabulary/actions.ts';
import { walkFlow } from '../path/walk.ts';
import { decidingLeg, type FlowQuestion } from '../path/walk-result.ts';
import type { ConntrackEntry } from '../records/conntrack.ts';
import { entryOf } from './entry.ts';
import { originOf } from './origin.ts';
import { ROWS, type Sighting } from './symptom.ts';

/** Counters of silent drops, and the walk's reasons that each of them counts. */
const COUNTED: readonly (readonly [name: string, reasons: readonly ActionCode[]])[] = [
  ['TcpExtIPReversePathFilter', ['rp-filter']],
  ['in_martian_src', ['martian-source']],
  ['XfrmInNoPols', ['no-policy']],
  ['XfrmInTmplMismatch', ['tmpl-mismatch']],
  ['XfrmInPolBlock', ['policy-block']],
  ['XfrmOutPolBlock', ['policy-block']],
  ['XfrmOutNoStates', ['no-state']],
  ['XfrmInNoStates', ['no-state']],
];

/** Walks that one namespace's counters are worth; flows between addresses that the bundle does not know come last. */
const TRIED = 24;
const LOOKED_AT = 20 * ROWS;

/**
 * A silent drop leaves nothing but a counter: the conntrack entry of the flow may look answered, because conntrack stands before the place of the
 * drop. A flow that passes the counting namespace and that the walk drops there, for the reason that the counter counts, is a candidate.
 */
export const fromCounters = (network: Network, ns: NetNamespace): readonly Sighting[] => {
  const reasons = new Set(COUNTED.flatMap(([name, why]) => ((counter(ns, name)?.value ?? 0) > 0 ? why : [])));
  const table = ns.conntrack[0];
  if (reasons.size === 0 || !table) return [];
  const known = new Map<string, ConntrackEntry[]>();
  const strangers = new Map<string, ConntrackEntry[]>();
  for (let row = 0; row < Math.min(table.count, LOOKED_AT) && known.size < TRIED; row += 1) {
    const entry = table.entry(row);
    // conntrack is assured of a datagram flow by packets that it saw both ways, not by what the client made of them.
    if ((entry.assured && entry.proto !== 'udp') || entry.proto === 'unknown' || /^\d+$/.test(entry.proto)) continue;
    const key = `${entry.proto} ${entry.original.src} ${entry.original.dst} ${entry.original.dport ?? ''}`;
    const isKnown = [entry.original.src, entry.original.dst, entry.reply.src].some((a) => network.owners(a).length > 0);
    const attempts = isKnown ? known : strangers;
    if (attempts.has(key) || attempts.size < TRIED) attempts.set(key, [...(attempts.get(key) ?? []), entry]);
  }
  return [...known.values(), ...strangers.values()].slice(0, TRIED).flatMap((attempts) => {
    const [first] = attempts;
    if (!first) return [];
    const [branch] = walkFlow(network, questionOf(network, ns, first)).branches;
    // An attempt from before the rules were changed was translated otherwise than the walk says: not that one failed.
    const predicted = branch?.entries.get(ns.id) ?? [];
    const entry =
      attempts.find((e) => predicted.some((p) => p.reply.src === e.reply.src && p.reply.dst === e.reply.dst)) ?? first;
    const flow = questionOf(network, ns, entry);
    const end = branch && decidingLeg(branch).end;
    if (!end || end.node !== ns.node || end.namespace !== ns.name || !reasons.has(end.reason)) return [];
    return [
      {
        namespace: ns,
        proto: flow.proto,
        src: flow.src,
        sport: flow.sport,
        dst: flow.dst,
        dport: flow.dport,
        symptom: 'counted-drop',
        source: entry.source,
        order: entry.timeout ?? 0,
      },
    ];
  });
};

const questionOf = (network: Network, ns: NetNamespace, entry: ConntrackEntry): FlowQuestion => {
  const { original } = entry;
  return entryOf(network, {
    proto: entry.proto === 'icmpv6' ? 'icmp' : entry.proto,
    src: original.src,
    sport: original.icmpId ?? original.sport,
    dst: original.dst,
    dport: original.dport,
    start: originOf(network, ns, original.src),
  });
};
