import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf } from '../facts/ending.ts';
import { type FailedTranslation, failedWithoutSourceNat } from '../facts/failed-translation.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAtEnd, undecided } from '../facts/found.ts';
import { masqueradeServers } from '../facts/masquerade-fix.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { answerPasses } from '../facts/translation.ts';
import { unroutedOn } from '../facts/unrouted.ts';

/**
 * A node translated the request's destination only, and the answer does not come back through it: nobody gives it back the name that the
 * client asked for. The client's TCP resets the stranger and goes on asking.
 */
export const returnPathBypassesNat: Cause = {
  id: 'return-path-bypasses-nat',
  group: 'B',
  layer: 'route',
  control: false,
  needs: ['ip-route', 'conntrack', 'tcpdump'],
  references: ['net/netfilter/nf_nat_core.c: nf_nat_packet', 'net/ipv4/tcp_ipv4.c: tcp_v4_rcv'],
  detect: (context) => {
    const failed = failedWithoutSourceNat(context, 'past-node');
    const open = failed && unroutedOn(context, context.branch.reply);
    if (open && !isStrangerSeen(context, failed)) return unlisted(context, { ...failed, end: open.step });
    if (!failed || (failed.reason !== 'answer-from-stranger' && failed.reason !== 'outside')) return [];
    const { translation: t } = failed;
    const { reply } = context.branch;
    // Bridged past the hooks is another cause: bridge-nf-off-same-node.
    if (!reply || answerPasses(context, t.namespace.id)) return [];
    if (failed.reason === 'outside' && failed.end.after.dst !== context.flow.question.src) return [];
    const entry = context.evidence.entries.find((e) => e.namespace === t.namespace.id && e.entry.unreplied);
    const found = foundAtEnd(context, {
      confidence: failed.reason === 'outside' ? weaker('likely', confidenceOfEnd(context)) : confidenceOfEnd(context),
      values: {
        virtual: t.virtual,
        port: t.port,
        server: t.server,
        serverPort: t.serverPort,
        client: t.step.before.src,
        via: t.namespace.node,
        from: reply.steps[0]?.node ?? '',
      },
      evidence: [
        ...decisiveLine(entry?.entry, ['[UNREPLIED]', `src=${t.server}`]),
        ...proofsOf(t.step, [t.virtual, t.server]),
        ...reply.steps
          .filter((s) => s.place === 'routing')
          .slice(0, 3)
          .flatMap((s) => proofsOf(s)),
        ...proofsOf(failed.end),
        ...symptomLines(context),
      ],
      fixes: [masqueradeServers(t)],
    });
    return found ? [found] : [];
  },
};

/** The answer was seen to come to the client under the server's own name: by which way does not matter. */
const isStrangerSeen = (context: CauseContext, { translation, end, reason }: FailedTranslation): boolean =>
  reason === 'answer-from-stranger' &&
  context.evidence.packets.some(
    (p) =>
      p.leg === 'reply' &&
      p.namespace === namespaceId(end) &&
      p.layer?.src === translation.server &&
      p.layer.sport === translation.serverPort,
  );

/** The routes of the server's side were not captured: whether the answer goes back through the node that translated is what they tell. */
const unlisted = (context: CauseContext, { translation: t, end }: FailedTranslation): readonly Verdict[] => {
  const id = namespaceId(end);
  if (!isSeenFailing(context) || end.node === t.namespace.node || answerPasses(context, t.namespace.id)) return [];
  const values = {
    virtual: t.virtual,
    port: t.port,
    server: t.server,
    serverPort: t.serverPort,
    via: t.namespace.node,
  };
  return [undecided([{ kind: 'ip-route', namespace: id }], values)];
};
