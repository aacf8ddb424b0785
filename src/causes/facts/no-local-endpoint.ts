import { ownerOfChain } from '../../path/netfilter/owner.ts';
import { endingOf, namespaceId, stepsOf, textOf } from './ending.ts';
import type { CauseContext } from './finding.ts';
import { chainsOf, isRuleEnd } from './rules.ts';
import { isClusterIp } from './service.ts';

/** kube-proxy's own drop for want of a local endpoint, and the chain that did it. */
export interface NoLocalEndpoint {
  readonly ending: NonNullable<ReturnType<typeof endingOf>>;
  readonly chain: string;
  readonly comment: string;
  /** The chain of services' own (cluster) addresses. */
  readonly internal: boolean;
}

const DROP_MARK = 0x8000;
const NFT_CHECK = 'service-endpoints-check';
const LOCAL_CHAIN = /^(KUBE-XLB-|KUBE-SVL-|KUBE-EXT-|local-)/;

/**
 * kube-proxy's own chains of services in the filter table. What they refuse they refuse for want of endpoints (REJECT) or of local ones (DROP), and nothing else
 * (proxier.go:syncProxyRules): `nft list ruleset` prints such rules without their comment.
 */
export const isProxysFilter = (chain: string): boolean =>
  chain === 'KUBE-SERVICES' || chain === 'KUBE-EXTERNAL-SERVICES';

/** iptables up to 1.23 marks in KUBE-XLB, later versions drop in the filter table by name; nftables by a verdict map. */
export const noLocalEndpoint = (context: CauseContext): NoLocalEndpoint | undefined => {
  const ending = endingOf(context);
  if (!ending || !isRuleEnd(ending.step) || context.evidence.seen === 'ok') return undefined;
  const { step, namespace } = ending;
  const chain = textOf(step, 'chain');
  const comment = textOf(step, 'comment');
  const isProxys =
    comment === ''
      ? isProxysFilter(chain) && step.action.code === 'rule-drop'
      : /has no local endpoints/.test(comment) && ownerOfChain(chain, comment) === 'kube-proxy';
  if (isProxys) return { ending, chain, comment, internal: chain === 'KUBE-SERVICES' };
  // A verdict of the map no-endpoint-services: drop stands for "none on this node", a jump to the reject chain for "none at all".
  if (chain === NFT_CHECK && step.action.code === 'rule-drop') {
    const front = { proto: step.before.proto, address: step.before.dst, port: step.before.dport ?? 0 };
    return { ending, chain, comment, internal: isClusterIp(context.network, namespace, front) === true };
  }
  if ((step.before.mark & DROP_MARK) !== 0) {
    const mark = stepsOf(context).findLast((s) => s.action.code === 'mark' && namespaceId(s) === namespace.id);
    const local = mark && chainsOf(namespace, mark).find((name) => LOCAL_CHAIN.test(name));
    if (local) return { ending, chain: local, comment, internal: false };
  }
  const local = chainsOf(namespace, step).find((name) => LOCAL_CHAIN.test(name));
  return local ? { ending, chain: local, comment, internal: false } : undefined;
};
