import type { Network } from '../network/network.ts';
import type { FlowQuestion } from '../path/walk-result.ts';
import type { ProbeOutcome } from '../records/probe.ts';
import type { Seen, SeenProbe } from './observation.ts';

/** What tools printed of attempts at the flow's destination, where its sender is or nobody knows where that is: on the node whose own source it may be, anywhere. */
export const probesOf = (
  network: Network,
  { proto, dst, dport, start, origin }: FlowQuestion,
): readonly SeenProbe[] => {
  const node = origin && network.namespaces.get(start ?? '')?.node;
  return [...network.namespaces.values()]
    .filter((ns) => start === undefined || ns.id === start || ns.node === node)
    .flatMap((ns) =>
      ns.probes
        .filter(
          (p) =>
            p.proto === proto && p.dst === dst && (p.dport === undefined || dport === undefined || p.dport === dport),
        )
        .map((probe) => ({ namespace: ns.id, probe })),
    );
};

const SEEN: Readonly<Record<ProbeOutcome, Seen>> = {
  ok: 'ok',
  refused: 'refused',
  reset: 'reset',
  timeout: 'timeout',
  unreachable: 'unreachable',
  // EPERM and a hop limit that ended are errors that the client was told at once.
  'not-permitted': 'unreachable',
  ttl: 'unreachable',
  'too-long': 'stalled',
};

/** What the latest attempt's tool said; undefined where none is there. */
export const saidByProbes = (probes: readonly SeenProbe[]): Seen | undefined => {
  const last = probes.at(-1);
  return last && SEEN[last.probe.outcome];
};
