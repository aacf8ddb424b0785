import type { NetNamespace } from '../../network/namespace.ts';
import type { XfrmPolicy, XfrmState } from '../../records/xfrm.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, type Ending, numberOf, proofsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Undecided, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { type Counted, confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import {
  counterZero,
  plainLines,
  policiesAtEnd,
  spiText,
  wasDecrypted,
  xfrmEnd,
  xfrmUnknown,
} from '../facts/xfrm-end.ts';
import { policiesOf, policyWords, replaceTemplates, statesOf } from '../facts/xfrm-policy.ts';
import { foreignReqid, type Mismatch, mismatches } from '../facts/xfrm-template.ts';

/**
 * The policy's template and the SA belong to different connections: reqid, mode or protocol differ. Inbound the packet is refused after
 * decryption (xfrm_policy_ok), outbound no SA is found for the template.
 */
export const xfrmTmplReqidMismatch: Cause = {
  id: 'xfrm-tmpl-reqid-mismatch',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-state', 'xfrm-policy', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_policy.c: xfrm_policy_ok, xfrm_state_ok', 'net/xfrm/xfrm_state.c: xfrm_state_find'],
  explains: ['xfrm-out-sa-missing'],
  detect: (context) => {
    const unknown = unlisted(context);
    if (unknown) return [unknown];
    const refused = xfrmEnd(context, 'tmpl-mismatch');
    if (refused && wasDecrypted(refused)) return inbound(context, refused);
    const unfound = xfrmEnd(context, 'no-state');
    return unfound?.step.place === 'xfrm-out' ? outbound(context, unfound) : [];
  },
};

/** Policies were not captured where the flow fails: they would tell, unless the kernel counted no packet that its policy's templates refused. */
const unlisted = (context: CauseContext): Undecided | undefined => {
  const unknown = xfrmUnknown(context, 'xfrm-policy-unknown', 'any', {});
  const missing = (unknown?.missing ?? []).filter(({ namespace }) => {
    const ns = context.network.namespaces.get(namespace);
    return ns !== undefined && counted(ns, 'XfrmInTmplMismatch').state !== 'zero';
  });
  return missing.length > 0 ? undecided(missing, {}) : undefined;
};

const KINDS: readonly Mismatch[] = ['reqid', 'mode', 'proto', 'spi'];

const inbound = (context: CauseContext, ending: Ending): readonly Verdict[] => {
  const { step, namespace: ns, leg } = ending;
  const policy = policiesOf(ns, step)[0];
  const state = statesOf(ns, step).at(-1);
  const template = policy?.templates.at(-1);
  if (!policy || !state || !template) return [];
  const differs = mismatches(template, state);
  const kind = KINDS.find((k) => differs.includes(k));
  // A wider policy that wins over the right one, or the wrong ends of a tunnel, are causes of their own.
  if (!kind || differs.includes('outer') || isShadowed(ending, state)) return [];
  return found(context, ending, counted(ns, 'XfrmInTmplMismatch'), ns, policy, state, kind, [
    ...plainLines(context, ns, leg.direction),
  ]);
};

const isShadowed = (ending: Ending, state: XfrmState): boolean =>
  policiesAtEnd(ending)
    .slice(1)
    .some((p) => p.action === 'allow' && p.templates.every((t) => mismatches(t, state).length === 0));

const outbound = (context: CauseContext, ending: Ending): readonly Verdict[] => {
  const { step, namespace: ns } = ending;
  const state = foreignReqid(ns, step);
  const policy = policiesOf(ns, step)[0];
  if (!state || !policy) return [];
  return found(context, ending, counted(ns, 'XfrmOutNoStates', 'XfrmAcquireError'), ns, policy, state, 'reqid', []);
};

const found = (
  context: CauseContext,
  { step }: Ending,
  drops: Counted,
  ns: NetNamespace,
  policy: XfrmPolicy,
  state: XfrmState,
  kind: Mismatch,
  packets: readonly { readonly source: XfrmState['source']; readonly role: 'decisive' | 'supporting' }[],
): readonly Verdict[] => {
  const template = policy.templates.at(-1);
  const values = {
    kind,
    dir: policy.dir,
    policyReqid: template?.reqid ?? numberOf(step, 'reqid') ?? 0,
    stateReqid: state.reqid ?? 0,
    policyMode: `${template?.proto ?? ''} ${template?.mode ?? ''}`,
    stateMode: `${state.proto} ${state.mode}`,
    spi: spiText(state.spi ?? 0),
    policySrc: policy.selector.src,
    policyDst: policy.selector.dst,
    counter: drops.value,
    counterName: drops.counter?.name ?? '',
  };
  if (drops.state === 'zero') return [counterZero(drops, values)];
  const { changes, command } = replaceTemplates(
    ns,
    policy,
    policy.templates.map((t) => ({ ...t, reqid: state.reqid, mode: state.mode, proto: state.proto, spi: undefined })),
  );
  return [
    foundAt(step, {
      confidence: confidenceByCounter(context, drops),
      values,
      evidence: [
        ...counterLine(drops),
        ...decisiveLine(policy, policyWords(policy)),
        ...decisiveLine(state, [spiText(state.spi ?? 0)]),
        ...packets,
        ...proofsOf(step),
        ...ns.states.flatMap((s) => supportingLine(s)),
        ...symptomLines(context),
      ],
      fixes: [{ id: 'match-template', commands: [command], changes, values: { reqid: state.reqid ?? 0 } }],
    }),
  ];
};
