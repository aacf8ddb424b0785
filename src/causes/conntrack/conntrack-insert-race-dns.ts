import { knows } from '../../network/namespace.ts';
import { senderOf } from '../../path/walk-result.ts';
import type { PacketView } from '../../records/packet.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { translationsOf } from '../facts/translation.ts';

/** Two questions of one socket this close together (A and AAAA) can race for one entry. */
const TOGETHER = 0.01;
/** A resolver asks again after its timeout: 5 s by default, 1 s at the least. */
const RETRY = 0.9;

/**
 * Two datagrams of one socket are sent at once, and each gets a connection entry of its own, as neither is confirmed yet. The second one loses when they are to be
 * entered, and its packet is dropped: one of two DNS questions stays without an answer until the resolver asks again.
 */
export const conntrackInsertRaceDns: Cause = {
  id: 'conntrack-insert-race-dns',
  group: 'B',
  layer: 'conntrack',
  control: false,
  // Most questions are answered: that some are is no evidence against it.
  worksWrongly: true,
  needs: ['conntrack-stats', 'tcpdump', 'iptables-save'],
  references: [
    'net/netfilter/nf_conntrack_core.c: __nf_conntrack_confirm, nf_ct_resolve_clash',
    'kubernetes/kubernetes#56903',
    'weaveworks/weave#3287',
  ],
  detect: (context): readonly Verdict[] => {
    if (context.flow.question.proto !== 'udp') return [];
    const translation = translationsOf(context)[0];
    if (!translation) return [];
    const ns = translation.namespace;
    const pair = lostQuestion(context);
    const lines = ns.conntrackStats.filter((s) => (s.counters.get('insert_failed') ?? 0) > 0);
    const failed = lines.reduce((sum, s) => sum + (s.counters.get('insert_failed') ?? 0), 0);
    const values = {
      virtual: translation.virtual,
      port: translation.port,
      failed,
      wait: pair?.wait ?? 0,
      asked: pair?.asked.length ?? 0,
      answered: pair?.answered ?? 0,
    };
    if (!knows(ns, 'conntrack-stats'))
      return pair ? [undecided([{ kind: 'conntrack-stats', namespace: ns.id }], values)] : [];
    if (pair && failed === 0)
      return [
        {
          kind: 'ruled-out',
          because: 'counter-flat',
          values: { counter: 'insert_failed', node: ns.node },
          evidence: decisiveLine(ns.conntrackStats[0], ['insert_failed=0']),
        },
      ];
    if (failed === 0 || (!pair && context.evidence.seen === 'ok')) return [];
    // The counter alone is old news; without the pair of questions it only fits a failure that was seen.
    if (!pair && context.evidence.seen === 'unknown') return [];
    return [
      foundAt(translation.step, {
        confidence: pair ? 'certain' : 'possible',
        values,
        evidence: [
          ...lines.slice(0, 2).flatMap((line) => decisiveLine(line, ['insert_failed='])),
          ...(pair?.asked ?? []).flatMap((view) => decisiveLine(view)),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'avoid-race',
            commands: [],
            changes: [],
            values: {},
          },
        ],
      }),
    ];
  },
};

interface LostQuestion {
  readonly asked: readonly PacketView[];
  readonly answered: number;
  /** Seconds until the resolver asked again. */
  readonly wait: number;
}

/** Two questions at once at the client, of which fewer were answered before the client asked again. */
const lostQuestion = (context: CauseContext): LostQuestion | undefined => {
  const { question } = context.flow;
  const own = context.evidence.packets.filter((p) => p.namespace === senderOf(question) && p.wrapping === 'plain');
  const sent = own.flatMap((p) => (p.layer?.src === question.src && p.layer.dst === question.dst ? [p.view] : []));
  const came = own.flatMap((p) => (p.layer?.src === question.dst && p.layer.dst === question.src ? [p.view] : []));
  for (const [i, first] of sent.entries()) {
    const second = sent[i + 1];
    if (!second || first.time === undefined || second.time === undefined || second.time - first.time > TOGETHER)
      continue;
    const { time } = second;
    const again = sent.slice(i + 2).find((view) => view.time !== undefined && view.time - time >= RETRY);
    const until = again?.time ?? Number.POSITIVE_INFINITY;
    const answered = came.filter(
      (view) => view.time !== undefined && view.time >= (first.time ?? 0) && view.time < until,
    ).length;
    if (answered < 2 && again?.time !== undefined)
      return { asked: [first, second, again], answered, wait: Math.round(again.time - time) };
  }
  return undefined;
};
