import { knows, type NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain } from '../../path/netfilter/owner.ts';
import type { XfrmPolicy } from '../../records/xfrm.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, stepsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { lostEncryption } from '../facts/lost-encryption.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { chainsOf, rulesCaptured } from '../facts/rules.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { policyWords, statesOf } from '../facts/xfrm-policy.ts';

/**
 * Source NAT on the gateway changes the packet that was to be encrypted. XFRM is looked up again with the new source (nf_xfrm_me_harder),
 * no policy fits, and the packet leaves in the clear.
 */
export const snatBeforeXfrmPolicyMiss: Cause = {
  id: 'snat-before-xfrm-policy-miss',
  group: 'B',
  layer: 'xfrm',
  control: false,
  needs: ['iptables-save', 'xfrm-policy', 'xfrm-state', 'conntrack'],
  references: ['net/netfilter/nf_nat_core.c: nf_xfrm_me_harder', 'openyurtio/raven#184', 'openyurtio/raven#185'],
  explains: [
    'raven-skip-nat-set-incomplete',
    'xfrm-out-policy-missing-plaintext',
    'underlay-antispoof',
    'vxlan-udp-blocked',
    'neigh-failed-next-hop',
    'esp-or-natt-blocked-in-transit',
  ],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const lost = lostEncryption(context);
    if (lost.length === 0) return unlisted(context);
    return lost.map(({ step, namespace: ns, translation, policy }) => {
      const original = translation.before;
      const translated = translation.after;
      const chains = chainsOf(ns, translation);
      const entries = context.evidence.entries.filter(
        (e) => e.namespace === ns.id && e.entry.original.dst === original.dst && e.entry.reply.dst === translated.src,
      );
      const clear = clearPackets(context, ns, translated.src, translated.dst);
      const proven = entries.length > 0 || clear.length > 0;
      const end = confidenceOfEnd(context);
      return foundAt(step, {
        confidence: proven && context.branch.outcome !== 'delivered' ? end : weaker('likely', end),
        values: {
          src: original.src,
          dst: original.dst,
          translated: translated.src,
          by: chains.map((chain) => ownerOfChain(chain)).find((owner) => owner !== 'user') ?? 'user',
          chains,
          policySrc: policy.selector.src,
          policyDst: policy.selector.dst,
          device: step.device ?? '',
        },
        evidence: [
          ...decisiveLine(policy, policyWords(policy)),
          ...proofsOf(translation, ['MASQUERADE', 'SNAT']).slice(0, 2),
          ...entries
            .slice(0, 2)
            .flatMap((e) => decisiveLine(e.entry, [`src=${original.src}`, `dst=${translated.src}`])),
          ...clear.slice(0, 3),
          ...idleStates(ns, policy),
          ...symptomLines(context),
        ],
        fixes: [exempt(ns, original.family, policy)],
      });
    });
  },
};

const clearPackets = (context: CauseContext, ns: NetNamespace, src: string, dst: string): readonly EvidenceLine[] =>
  context.evidence.packets
    .filter(
      (p) =>
        p.namespace === ns.id &&
        p.wrapping !== 'esp' &&
        p.view.direction !== 'in' &&
        p.layer?.src === src &&
        p.layer.dst === dst,
    )
    .map((p) => ({ source: p.view.source, role: 'decisive' as const, words: [src, dst] }));

/** The tunnel's SAs that have not encrypted anything. */
const idleStates = (ns: NetNamespace, policy: XfrmPolicy): readonly EvidenceLine[] =>
  ns.states
    .filter((s) => policy.templates.some((t) => t.src === s.src && t.dst === s.dst))
    .flatMap((s) => (s.packets === 0 ? decisiveLine(s, ['0(bytes)', '0(packets)']) : supportingLine(s)));

const exempt = (ns: NetNamespace, family: 4 | 6, policy: XfrmPolicy) => {
  const { src, dst } = policy.selector;
  const { change, command } = ruleChange(ns, {
    family,
    table: 'nat',
    chain: 'POSTROUTING',
    position: 1,
    src,
    dst,
    target: 'ACCEPT',
  });
  return { id: 'exempt', commands: [command], changes: [change], values: { src, dst } };
};

/**
 * A failing flow at a gateway of which one half was not captured: it changes the source and has SAs, but not which packets they are for is known; or the packet is to be
 * encrypted, the SA has never encrypted any, and the rules that may take it out of the tunnel are not known.
 */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  if (!isSeenFailing(context)) return [];
  // An answer that was never seen may have had no request.
  const isAnswered = context.evidence.packets.some((p) => p.leg === 'reply');
  for (const step of isAnswered ? stepsOf(context) : context.branch.forward.steps) {
    const ns = context.network.namespaces.get(namespaceId(step));
    if (!ns) continue;
    const { before, after, action } = step;
    const values = { src: before.src, dst: before.dst, translated: after.src };
    const translates = (action.code === 'masquerade' || action.code === 'snat') && before.src !== after.src;
    if (translates && !before.inner && !knows(ns, 'xfrm-policy') && ns.states.some((s) => s.spi !== 0))
      return [undecided([{ kind: 'xfrm-policy', namespace: ns.id }], values)];
    if (action.code === 'esp-encapsulate' && !rulesCaptured(ns) && statesOf(ns, step)[0]?.packets === 0)
      return [undecided([{ kind: 'iptables-save', namespace: ns.id }], values)];
  }
  return [];
};
