import type { Network } from '../network/network.ts';
import { dumpedEntries } from '../path/sightings.ts';
import type { FlowQuestion } from '../path/walk-result.ts';
import { findCandidates } from './candidates.ts';
import { entriesOf } from './entry.ts';

const BROKEN: ReadonlyMap<string, number> = new Map([
  ['SYN_RECV', 4],
  ['SYN_SENT', 3],
  ['CLOSE', 2],
]);

/** Fills in what the user left out of a flow: where it begins, and the source port. Several flows where nothing tells at which of several places it begins. */
export const completeQuestions = (network: Network, question: FlowQuestion): readonly FlowQuestion[] =>
  entriesOf(network, question).map((entered) => withPort(network, entered));

/** The likeliest of them. */
export const completeQuestion = (network: Network, question: FlowQuestion): FlowQuestion =>
  completeQuestions(network, question)[0] ?? question;

/** The source port of the attempt that looks most broken in conntrack or in the packets, else of the latest one. */
const withPort = (network: Network, question: FlowQuestion): FlowQuestion => {
  const { start } = question;
  if (question.sport !== undefined) return question;
  // A virtual address is bound on many nodes: an attempt of another node is another flow.
  const seen = findCandidates(network).find(
    (c) =>
      (start === undefined || c.question.start === undefined || c.question.start === start) &&
      c.question.proto === question.proto &&
      c.question.src === question.src &&
      c.question.dst === question.dst &&
      (question.dport === undefined || c.question.dport === question.dport),
  );
  if (seen?.question.sport !== undefined) return { ...question, sport: seen.question.sport, attempt: 'found' };
  const namespaces =
    start === undefined
      ? [...network.namespaces.values()]
      : [network.namespaces.get(start), ...network.namespaces.values()];
  for (const ns of namespaces) {
    if (!ns) continue;
    const entries = dumpedEntries(ns, question.proto, {
      src: question.src,
      dst: question.dst,
      sport: undefined,
      dport: question.dport,
    });
    const best = [...entries].sort(
      (a, b) =>
        (BROKEN.get(b.state ?? '') ?? 0) - (BROKEN.get(a.state ?? '') ?? 0) || (b.timeout ?? 0) - (a.timeout ?? 0),
    )[0];
    const port = best?.original.icmpId ?? best?.original.sport;
    if (port !== undefined) return { ...question, sport: port, attempt: 'found' };
  }
  for (const ns of namespaces) {
    for (const table of ns?.packets ?? []) {
      const rows = table.rowsWithAddress(question.dst);
      for (let i = rows.length - 1; i >= 0; i -= 1) {
        const view = table.packet(rows[i] ?? 0);
        const port = question.proto === 'icmp' ? view.icmpId : view.sport;
        const same =
          view.src === question.src &&
          view.dst === question.dst &&
          (question.proto === 'icmp'
            ? view.icmp === 'echo request'
            : view.proto === question.proto && (question.dport === undefined || view.dport === question.dport));
        if (same && port !== undefined) return { ...question, sport: port, attempt: 'found' };
      }
    }
  }
  return question;
};
