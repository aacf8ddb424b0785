import type { NetNamespace } from '../../network/namespace.ts';
import type { CauseContext } from './finding.ts';
import { chainsOf, decidingRule } from './rules.ts';
import {
  externallyLocal,
  type Front,
  type FrontKind,
  frontKind,
  isNodePort,
  kubeFront,
  serviceName,
  type Told,
} from './service.ts';
import { firstTranslation, serverIsHere, sourceNatAfter, type Translation } from './translation.ts';

/** The service that the flow asked, as the node that translates it sees it. */
export interface AskedService {
  readonly translation: Translation;
  readonly namespace: NetNamespace;
  readonly front: Front;
  readonly kind: FrontKind;
  /** `externalTrafficPolicy: Local`; undefined where nothing tells. */
  readonly local: Told | undefined;
  readonly name: string;
  /** The server is on the node that translates. */
  readonly here: boolean;
  /** The step that changed the source there. */
  readonly sourceNat: ReturnType<typeof sourceNatAfter>;
  /** The source was changed by kube-proxy's own masquerade. */
  readonly byProxy: boolean;
}

/** Chains of kube-proxy's iptables mode by which traffic from outside comes. */
const OUTSIDE_CHAIN = /^KUBE-(EXT|XLB|FW|NODEPORTS|EXTERNAL-SERVICES)/;

export const askedService = (context: CauseContext): AskedService | undefined => {
  const translation = firstTranslation(context);
  if (!translation) return undefined;
  const { namespace, step } = translation;
  const front = { proto: step.before.proto, address: translation.virtual, port: translation.port };
  const sourceNat = sourceNatAfter(context, translation);
  const bySets = frontKind(context.network, namespace, front);
  const kind =
    bySets === 'unknown' && chainsOf(namespace, step).some((chain) => OUTSIDE_CHAIN.test(chain))
      ? 'load-balancer'
      : bySets;
  return {
    translation,
    namespace,
    front,
    kind,
    local: kind === 'cluster-ip' ? undefined : externallyLocal(context.network, namespace, front),
    name: serviceName(kubeFront(context.network, front, isNodePort(namespace, front))),
    here: serverIsHere(context, translation),
    sourceNat,
    byProxy: sourceNat !== undefined && isProxys(decidingRule(namespace, sourceNat)),
  };
};

/** kube-proxy's masquerade: its chain in iptables, its table in nftables. */
const isProxys = (rule: ReturnType<typeof decidingRule>): boolean =>
  rule !== undefined && (rule.chain === 'KUBE-POSTROUTING' || rule.table === 'kube-proxy');

/** Values that the words about a working service use. */
export const frontValues = (asked: AskedService) => ({
  virtual: asked.front.address,
  port: asked.front.port,
  server: asked.translation.server,
  serverPort: asked.translation.serverPort,
  client: asked.translation.step.before.src,
  seenAs: asked.sourceNat?.after.src ?? asked.translation.step.before.src,
  kind: asked.kind,
  service: asked.name,
  set: asked.local?.by ?? '',
});
