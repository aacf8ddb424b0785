import { NO_PART, part, type ShellPart } from '../../causes/facts/shell.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';

/** Names that container runtimes give their namespace files (`cni-1b4e28ba-…`): no process or pod is called so. */
const CNI_FILE = /^cni-[0-9a-f-]{36}$/;

/**
 * What to put before a command so that it runs in a network namespace, on its node: nothing for the host's own. A number is a process of the namespace; a pod that Kubernetes
 * knows is found by its name (its sandbox's process); any other name is one that `ip netns` knows.
 */
export const entering = (network: Network, ns: NetNamespace | undefined): ShellPart => {
  if (!ns || ns.name === '') return NO_PART;
  if (/^\d+$/.test(ns.name)) return part`nsenter -t ${ns.name} -n `;
  const pod = CNI_FILE.test(ns.name)
    ? undefined
    : network.kube.pods.find(
        (p) => p.name === ns.name || `${p.namespace}/${p.name}` === ns.name || `${p.namespace}_${p.name}` === ns.name,
      );
  if (!pod) return part`ip netns exec ${ns.name} `;
  const sandbox = part`crictl pods -q --namespace ${pod.namespace} --name ${`^${pod.name}$`}`;
  return part`nsenter -t "$(crictl inspectp -o go-template --template '{{.info.pid}}' "$(${sandbox})")" -n `;
};
