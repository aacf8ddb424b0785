import type { NetNamespace } from '../../network/namespace.ts';
import type { Ending } from './ending.ts';
import { endingOf, textOf } from './ending.ts';
import type { CauseContext } from './finding.ts';
import { isAssumed } from './set-assumption.ts';
import { memberOf, routerSet, setNamed } from './sets.ts';

/** kube-router's last rule for service addresses, and what its sets say of the packet. */
export interface ServiceReject {
  readonly ending: Ending;
  readonly namespace: NetNamespace;
  readonly address: string;
  readonly port: number;
  readonly proto: string;
  readonly names: { readonly svip: string; readonly ports: string; readonly local: string };
  /** The walk had to guess a set. */
  readonly guessed: boolean;
  /** The rule has counted packets, and the flow was seen to be refused: what its sets hold can be told from that. */
  readonly seen: boolean;
}

const REFUSED: ReadonlySet<string> = new Set(['refused', 'unreachable']);

/** The walk ends in kube-router's REJECT of unexpected traffic to service addresses. */
export const serviceReject = (context: CauseContext): ServiceReject | undefined => {
  const ending = endingOf(context);
  if (!ending || context.evidence.seen === 'ok') return undefined;
  const { step, namespace } = ending;
  const { family, dst, dport, proto } = step.before;
  if (step.action.code !== 'rule-reject' && step.action.code !== 'rule-drop') return undefined;
  if (textOf(step, 'chain') !== 'KUBE-ROUTER-SERVICES' || dport === undefined) return undefined;
  return {
    ending,
    namespace,
    address: dst,
    port: dport,
    proto,
    names: {
      svip: routerSet(family, 'kube-router-svip'),
      ports: routerSet(family, 'kube-router-svip-prt'),
      local: routerSet(family, 'kube-router-local-ips'),
    },
    guessed: isAssumed(context, namespace),
    seen: Number(step.action.values.packets ?? 0) > 0 && REFUSED.has(context.evidence.seen),
  };
};

/** Members that the sets have for the packet. */
export const setsSay = ({ namespace: ns, names, address, proto, port }: ServiceReject) => ({
  inServices: memberOf(setNamed(ns, names.svip), [address]),
  inPorts: memberOf(setNamed(ns, names.ports), [address, `${proto}:${port}`]),
  inLocal: memberOf(setNamed(ns, names.local), [address]),
});
