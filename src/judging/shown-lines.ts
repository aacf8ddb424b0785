import type { EvidenceLine } from '../causes/facts/finding.ts';
import { decidingLeg } from '../path/walk-result.ts';
import type { Judgement } from './judge.ts';

/** Lines that are shown of a flow for which no cause holds: to quote everything is no answer. */
const MOST = 5;
const EACH = 2;

/**
 * What the bundle shows of a flow where no cause holds: what the kernel's log says of it, what a client's tool printed, when answers ended, the line that decides where the walk ends, the lines by which it was found, its entries,
 * connections and packets. Each line once.
 */
export const shownLines = ({ flow, noticed = [] }: Judgement): readonly EvidenceLine[] => {
  const { signs, probes, stopped, entries, connections, packets } = flow.evidence;
  const [branch] = flow.walked.branches;
  const leg = branch && decidingLeg(branch);
  const isWayOpen = leg !== undefined && leg.end.outcome !== 'delivered' && leg.end.outcome !== 'unknown';
  const errors = packets.filter((p) => p.leg === 'error' || p.layer?.tcpFlags?.includes('R'));
  const lines: readonly EvidenceLine[] = [
    ...signs.slice(0, EACH).map(({ message }): EvidenceLine => ({ source: message.source, role: 'decisive' })),
    ...probes.slice(-1).map(({ probe }): EvidenceLine => ({ source: probe.source, role: 'decisive' })),
    ...(stopped ? [stopped.lastAnswer, ...stopped.inVain.slice(0, 1)] : []).map(
      ({ source }): EvidenceLine => ({ source, role: 'decisive' }),
    ),
    ...(isWayOpen ? (leg.steps.at(-1)?.proofs ?? []) : []),
    ...connections
      .slice(0, EACH)
      .map(({ connection: c }): EvidenceLine => ({ source: c.source, role: 'decisive', words: [c.state] })),
    ...entries.slice(0, EACH).map(
      ({ entry: e }): EvidenceLine => ({
        source: e.source,
        role: 'decisive',
        words: [e.state ?? '', ...(e.unreplied ? ['[UNREPLIED]'] : [])].filter((word) => word !== ''),
      }),
    ),
    ...noticed.slice(0, EACH).map((source): EvidenceLine => ({ source, role: 'decisive' })),
    ...[...errors, ...packets]
      .slice(0, EACH)
      .map((p): EvidenceLine => ({ source: (p.layer ?? p.view).source, role: 'decisive' })),
  ];
  const once = new Map(lines.map((line) => [`${line.source.file}:${line.source.line}`, line]));
  return [...once.values()].slice(0, MOST);
};
