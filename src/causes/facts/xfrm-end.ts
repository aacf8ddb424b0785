import type { NetNamespace } from '../../network/namespace.ts';
import type { Missing } from '../../path/step.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import { matchingPolicies } from '../../path/xfrm/policy.ts';
import type { XfrmPolicy } from '../../records/xfrm.ts';
import { isBroken } from './confidence.ts';
import { type Ending, endingOf, namespaceId, supportingLine, textOf } from './ending.ts';
import type { CauseContext, EvidenceLine, RuledOut, Undecided, Values } from './finding.ts';
import { undecided } from './found.ts';
import { type Counted, counterLine } from './xfrm-counter.ts';
import { checkedFlow, flowOfPacket, type PolicyDir } from './xfrm-policy.ts';

/** The walk's end, where XFRM is what ends it and the flow was not seen to work. */
export const xfrmEnd = (context: CauseContext, ...codes: readonly ActionCode[]): Ending | undefined => {
  if (context.evidence.seen === 'ok') return undefined;
  const ending = endingOf(context);
  if (!ending || !codes.includes(ending.step.action.code)) return undefined;
  return ending.step.stage === 'xfrm' || ending.step.stage === 'esp' ? ending : undefined;
};

export const directionOf = (ending: Ending): PolicyDir => {
  const dir = textOf(ending.step, 'dir');
  return dir === 'in' || dir === 'fwd' ? dir : 'out';
};

/** The packet came out of an ESP tunnel in the namespace in which the walk ends. */
export const wasDecrypted = ({ leg, step }: Ending): boolean => {
  const since = leg.steps.findLastIndex((s) => namespaceId(s) !== namespaceId(step));
  return leg.steps.slice(since + 1).some((s) => s.action.code === 'esp-decapsulate');
};

/** Policies that fit the packet at the walk's end, the one that decides first. */
export const policiesAtEnd = (ending: Ending): readonly XfrmPolicy[] => {
  const dir = directionOf(ending);
  const { step, namespace } = ending;
  return matchingPolicies(namespace, dir, dir === 'out' ? flowOfPacket(step.before) : checkedFlow(step));
};

/** The counter that would have counted the drop is zero. */
export const counterZero = (at: Counted, values: Values): RuledOut => ({
  kind: 'ruled-out',
  because: 'counter-zero',
  values: { ...values, counter: at.counter?.name ?? '' },
  evidence: counterLine(at),
});

/** The walk could not decide a failed flow's XFRM for want of policies, or of states by which it arrives (`in`) or leaves (`out`). */
export const xfrmUnknown = (
  context: CauseContext,
  code: 'xfrm-policy-unknown' | 'xfrm-state-unknown',
  side: 'in' | 'out' | 'any',
  values: Values,
): Undecided | undefined => {
  if (!isBroken(context) || context.evidence.seen === 'unknown') return undefined;
  const missing = new Map<string, Missing>();
  for (const assumption of context.branch.assumptions) {
    // Only an arriving packet has an SPI before its state is known.
    const isIn = assumption.values.spi !== undefined;
    if (assumption.code !== code || !assumption.missing || (side !== 'any' && (side === 'in') !== isIn)) continue;
    missing.set(assumption.missing.namespace, assumption.missing);
  }
  return missing.size > 0 ? undecided([...missing.values()], values) : undefined;
};

const SHOWN = 2;

/** The first ESP packets of the flow that reached a namespace. */
export const espLines = (context: CauseContext, ns: NetNamespace, leg: string): readonly EvidenceLine[] =>
  context.evidence.packets
    .filter((p) => p.namespace === ns.id && p.leg === leg && p.wrapping === 'esp' && p.view.direction !== 'out')
    .slice(0, SHOWN)
    .map((p): EvidenceLine => ({ source: p.view.source, role: 'decisive', words: ['ESP', spiText(p.view.spi ?? 0)] }));

/** The flow's own packets, decrypted or in the clear, that were seen in a namespace. */
export const plainLines = (context: CauseContext, ns: NetNamespace, leg: string): readonly EvidenceLine[] =>
  context.evidence.packets
    .filter((p) => p.namespace === ns.id && p.leg === leg && p.wrapping !== 'esp')
    .slice(0, SHOWN)
    .map((p): EvidenceLine => ({ source: p.view.source, role: 'decisive' }));

/** The first line of the namespace's policy listing: what to quote for a policy that is not there. */
export const listingLine = (ns: NetNamespace, kind: 'xfrm-policy' | 'xfrm-state'): readonly EvidenceLine[] =>
  (ns.captureSources.get(kind) ?? []).slice(0, 1).flatMap((source) => supportingLine({ source }));

/** An SPI as `ip xfrm state` and tcpdump print it. */
export const spiText = (spi: number): string => `0x${(spi >>> 0).toString(16).padStart(8, '0')}`;
