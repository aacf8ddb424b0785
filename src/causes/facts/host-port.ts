import type { CauseContext } from './finding.ts';
import { chainsOf, decidingRule } from './rules.ts';
import { type Translation, translationsOf } from './translation.ts';

/** Chains in which container networks keep the translations of hostPorts: the portmap plugin's, and kubenet's. */
const HOST_PORT = /^(CNI-HOSTPORT-DNAT|CNI-DN-|CNI-HOSTPORT|KUBE-HOSTPORTS|KUBE-HP-)|^hostports$|^hostip_hostports$/;

/** The flow was translated by a hostPort's rule. */
export const hostPortTranslation = (context: CauseContext): Translation | undefined =>
  translationsOf(context).find((t) => {
    if (t.by !== 'netfilter') return false;
    const deciding = decidingRule(t.namespace, t.step);
    return (
      (deciding !== undefined && HOST_PORT.test(deciding.chain)) ||
      chainsOf(t.namespace, t.step).some((c) => HOST_PORT.test(c))
    );
  });

export const isHostPortChain = (name: string): boolean => HOST_PORT.test(name);
