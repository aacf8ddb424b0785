import { knows } from '../../network/namespace.ts';
import { senderOf } from '../../path/walk-result.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { endsInTheClear, type PlainDeparture, plainDeparture } from '../facts/departure.ts';
import { decisiveLine, namespaceId, proofsOf } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Found, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { rulesCaptured } from '../facts/rules.ts';
import { isSeenFailing, legsOf, seenBehind } from '../facts/trace.ts';
import { translationsOf } from '../facts/translation.ts';
import { listingLine, xfrmEnd } from '../facts/xfrm-end.ts';
import { asDirection, policyWords, tunnelPolicies } from '../facts/xfrm-policy.ts';

/** A tunnel to the destination is there, but no `out` policy fits the packet: it is routed in the clear and dies outside. */
export const xfrmOutPolicyMissingPlaintext: Cause = {
  id: 'xfrm-out-policy-missing-plaintext',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-policy', 'xfrm-state', 'iptables-save', 'ip-rule', 'tcpdump'],
  references: ['net/xfrm/xfrm_policy.c: xfrm_lookup_with_ifid'],
  explains: ['neigh-failed-next-hop', 'underlay-antispoof', 'vxlan-udp-blocked', 'podcidr-route-missing'],
  detect: (context) => {
    if (!isBroken(context)) return [];
    // The far end that refuses the plain packet is a cause of its own.
    if (xfrmEnd(context, 'tmpl-mismatch')) return [];
    const departure = plainDeparture(context);
    if (!departure) return unlisted(context);
    const { namespace: ns, packet, leg, towards, step, arrived } = departure;
    const clear = context.evidence.packets.filter(
      (p) =>
        p.namespace === ns.id &&
        p.leg === leg.direction &&
        p.wrapping !== 'esp' &&
        p.view.direction === 'out' &&
        p.layer?.src === packet.src &&
        p.layer.dst === packet.dst,
    );
    const isOwn = senderOf(context.flow.question) === ns.id;
    const isTranslated = translationsOf(context).some((t) => t.namespace === ns);
    // What it is translated to, and under which source it leaves for there, hangs on rules that were not captured.
    if (clear.length === 0 && isTranslated && !rulesCaptured(ns)) {
      const { src, dst } = packet;
      return isSeenFailing(context) ? [undecided([{ kind: 'iptables-save', namespace: ns.id }], { src, dst })] : [];
    }
    // By which source the packet is looked up is known only with the rules that may change it; its own socket may have another by a route of another table. Seen on the
    // wire, it is known without.
    const isRouted = !isOwn || (knows(ns, 'ip-rule') && knows(ns, 'ip-route'));
    const most = clear.length > 0 || (rulesCaptured(ns) && isRouted) ? 'certain' : isRouted ? 'likely' : 'possible';
    const end = weaker(most, confidenceOfEnd(context));
    const tunnel = towards.find((p) => p.dir === 'out') ?? towards[0];
    return [
      foundAt(step, {
        // Seen on the wire in the clear, or given up on the way out: the packet never saw the tunnel. Where the walk goes on behind, something else may end the flow.
        confidence:
          endsInTheClear(departure) && (clear.length > 0 || step.verdict !== 'continue') ? end : weaker('likely', end),
        values: {
          src: packet.src,
          dst: packet.dst,
          arrivedSrc: arrived.src,
          translated: arrived.src !== packet.src,
          device: step.device ?? '',
          policySrc: tunnel?.selector.src ?? '',
          policyDst: tunnel?.selector.dst ?? '',
          clear: clear.length,
        },
        evidence: [
          ...towards.flatMap((p) => decisiveLine(p, policyWords(p))),
          ...clear.slice(0, 3).map((p): EvidenceLine => ({ source: p.view.source, role: 'decisive' })),
          ...proofsOf(step),
          ...listingLine(ns, 'xfrm-policy'),
          ...symptomLines(context),
        ],
        fixes: fixes(departure),
      }),
    ];
  },
};

/** A gateway with SAs sent the packet on in the clear, and the policies that say which packets they are for were not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  if (!isSeenFailing(context)) return [];
  for (const leg of legsOf(context))
    for (const step of leg.steps) {
      const ns = context.network.namespaces.get(namespaceId(step));
      if (!ns || knows(ns, 'xfrm-policy') || !ns.states.some((s) => s.spi !== 0) || step.before.inner) continue;
      const { src, dst } = step.before;
      const clear = context.evidence.packets.some(
        (p) =>
          p.namespace === ns.id &&
          p.leg === leg.direction &&
          p.view.direction === 'out' &&
          p.wrapping === 'plain' &&
          p.layer?.src === src &&
          p.layer.dst === dst,
      );
      if (clear && !seenBehind(context, leg, step))
        return [undecided([{ kind: 'xfrm-policy', namespace: ns.id }], { src, dst })];
    }
  return [];
};

/** The sister of an inbound policy, or an out policy widened to the packet's source. */
const fixes = ({ namespace: ns, packet, arrived, towards }: PlainDeparture): Found['fixes'] => {
  const like = towards[0];
  if (!like || arrived.src !== packet.src) return [];
  const record = asDirection(like, 'out');
  const host = `${packet.src}/${packet.family === 4 ? 32 : 128}`;
  const wanted = like.dir === 'out' ? { ...record, selector: { ...record.selector, src: host } } : record;
  return [
    {
      id: 'add-out-policy',
      ...tunnelPolicies(ns, wanted),
      values: { src: wanted.selector.src, dst: wanted.selector.dst },
    },
  ];
};
