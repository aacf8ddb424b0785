import type { XfrmState, XfrmTemplate } from '../../records/xfrm.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, type Ending, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { countingWithout } from '../facts/trace.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import { counterZero, plainLines, policiesAtEnd, spiText, wasDecrypted, xfrmEnd } from '../facts/xfrm-end.ts';
import { policiesOf, policyWords, replaceTemplates, statesOf } from '../facts/xfrm-policy.ts';
import { foreignTunnel, mismatches } from '../facts/xfrm-template.ts';

/** The policy names other tunnel ends than the SA: a gateway changed its address, or the peer is reached by another uplink. */
export const xfrmOuterAddrMismatch: Cause = {
  id: 'xfrm-outer-addr-mismatch',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-policy', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_policy.c: xfrm_state_addr_cmp, xfrm_state_ok', 'net/xfrm/xfrm_state.c: xfrm_state_find'],
  explains: ['xfrm-out-sa-missing'],
  detect: (context) => {
    const missing = countingWithout(context, 'xfrm-policy', 'esp', 'XfrmInTmplMismatch');
    if (missing.length > 0) return [undecided(missing, {})];
    const refused = xfrmEnd(context, 'tmpl-mismatch');
    if (refused && wasDecrypted(refused))
      return verdict(context, refused, statesOf(refused.namespace, refused.step).at(-1));
    const unfound = xfrmEnd(context, 'no-state');
    return unfound?.step.place === 'xfrm-out'
      ? verdict(context, unfound, foreignTunnel(unfound.namespace, unfound.step))
      : [];
  },
};

const verdict = (context: CauseContext, ending: Ending, state: XfrmState | undefined): readonly Verdict[] => {
  const { step, namespace: ns, leg } = ending;
  const policy = policiesOf(ns, step)[0];
  const template = policy?.templates.at(-1);
  if (!policy || !template || !state || !mismatches(template, state).includes('outer')) return [];
  const rivals = policiesAtEnd(ending).slice(1);
  if (rivals.some((p) => p.action === 'allow' && p.templates.every((t) => mismatches(t, state).length === 0)))
    return [];
  const outbound = step.place === 'xfrm-out';
  const drops = outbound ? counted(ns, 'XfrmOutNoStates', 'XfrmAcquireError') : counted(ns, 'XfrmInTmplMismatch');
  const values = {
    dir: policy.dir,
    policySrc: policy.selector.src,
    policyDst: policy.selector.dst,
    templateSrc: template.src,
    templateDst: template.dst,
    stateSrc: state.src,
    stateDst: state.dst,
    spi: spiText(state.spi ?? 0),
    counter: drops.value,
    counterName: drops.counter?.name ?? '',
  };
  if (drops.state === 'zero') return [counterZero(drops, values)];
  const own = (t: XfrmTemplate): XfrmTemplate => ({ ...t, src: state.src, dst: state.dst });
  const { changes, command } = replaceTemplates(ns, policy, policy.templates.map(own));
  return [
    foundAt(step, {
      confidence: confidenceByCounter(context, drops),
      values,
      evidence: [
        ...counterLine(drops),
        ...decisiveLine(policy, policyWords(policy)),
        ...decisiveLine(state, [state.src, state.dst]),
        ...(outbound ? [] : plainLines(context, ns, leg.direction)),
        ...ns.states.flatMap((s) => supportingLine(s)),
        ...symptomLines(context),
      ],
      fixes: [{ id: 'match-addresses', commands: [command], changes, values: { src: state.src, dst: state.dst } }],
    }),
  ];
};
