import type { NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import { shellWord } from './shell-word.ts';

/** Names that container runtimes give their namespace files (`cni-1b4e28ba-…`): no process or pod is called so. */
const CNI_FILE = /^cni-[0-9a-f-]{36}$/;

/**
 * What to put before a command so that it runs in a network namespace, on its node: nothing for the host's own. A number is a process of the namespace; a pod that Kubernetes
 * knows is found by its name (its sandbox's process); any other name is one that `ip netns` knows.
 */
export const entering = (network: Network, ns: NetNamespace | undefined): string => {
  if (!ns || ns.name === '') return '';
  if (/^\d+$/.test(ns.name)) return `nsenter -t ${ns.name} -n `;
  const pod = CNI_FILE.test(ns.name)
    ? undefined
    : network.kube.pods.find(
        (p) => p.name === ns.name || `${p.namespace}/${p.name}` === ns.name || `${p.namespace}_${p.name}` === ns.name,
      );
  if (!pod) return `ip netns exec ${shellWord(ns.name)} `;
  const sandbox = `crictl pods -q --namespace ${shellWord(pod.namespace)} --name ${shellWord(`^${pod.name}$`)}`;
  return `nsenter -t "$(crictl inspectp -o go-template --template '{{.info.pid}}' "$(${sandbox})")" -n `;
};
