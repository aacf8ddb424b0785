import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { senderOf } from '../../path/walk-result.ts';
import type { XfrmPolicy } from '../../records/xfrm.ts';
import { symptomLines } from './confidence.ts';
import { proofsOf } from './ending.ts';
import type { CauseContext, EvidenceLine } from './finding.ts';
import { type Translation, translationsOf } from './translation.ts';
import { policiesOf, policyWords } from './xfrm-policy.ts';

/** An answer that comes back through an ESP tunnel which ends on the client's own node, and passes the policy check there. */
export interface IpsecAnswer {
  /** The host's namespace of the client's node. */
  readonly host: NetNamespace;
  /** The client is a process of the host itself, not a pod's. */
  readonly hostClient: boolean;
  readonly opened: Step;
  readonly checked: Step;
  readonly policy: XfrmPolicy | undefined;
  /** The service translation on the client's node, where there is one. */
  readonly translation: Translation | undefined;
}

export const ipsecAnswer = (context: CauseContext): IpsecAnswer | undefined => {
  const client = context.network.namespaces.get(senderOf(context.flow.question) ?? '');
  const host = client && context.network.namespaces.get(client.node);
  const steps = context.branch.reply?.steps ?? [];
  const at = steps.findIndex(
    (s) => s.action.code === 'esp-decapsulate' && s.node === client?.node && s.namespace === '',
  );
  const opened = steps[at];
  const checked = steps.slice(at).find((s) => s.action.code === 'policy-ok');
  if (!client || !host || !opened || !checked || at < 0) return undefined;
  return {
    host,
    hostClient: client.name === '',
    opened,
    checked,
    policy: policiesOf(host, checked)[0],
    translation: translationsOf(context).find((t) => t.namespace === host),
  };
};

export const answerLines = (
  context: CauseContext,
  { checked, opened, policy }: IpsecAnswer,
): readonly EvidenceLine[] => [
  ...proofsOf(checked, policy ? policyWords(policy) : []),
  ...proofsOf(opened).map((line) => ({ ...line, role: 'supporting' as const })),
  ...symptomLines(context),
];

export const answerValues = ({ host, policy }: IpsecAnswer) => ({
  gateway: host.node,
  policySrc: policy?.selector.src ?? '',
  policyDst: policy?.selector.dst ?? '',
});
