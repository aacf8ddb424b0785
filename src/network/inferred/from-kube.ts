import type { KubeNode, KubePod } from '../../records/kube.ts';
import type { NetNamespace } from '../namespace.ts';
import type { Clue, ClueReader } from './clue.ts';

/** Annotations in which a network plugin keeps the node's address with its network. */
const ANNOTATED = ['projectcalico.org/IPv4Address', 'projectcalico.org/IPv6Address'];

/** What the API server says: a node has its internal addresses, a pod's namespace the pod's, and the pods of a node that use the host's network say its address too. */
export const fromKube: ClueReader = function* (ns, { kube }) {
  if (ns.name === '') {
    for (const node of kube.nodes) if (node.name === ns.node) yield* addressesOf(node);
    for (const pod of kube.pods) if (pod.hostNetwork && pod.nodeName === ns.node) yield* ipsOf(pod);
    return;
  }
  const pods = kube.pods.filter((pod) => !pod.hostNetwork && isNamedAfter(ns, pod));
  const [pod] = pods;
  if (pod && pods.length === 1) yield* ipsOf(pod);
};

function* addressesOf({ addresses, annotations, source }: KubeNode): Generator<Clue> {
  for (const { type, address } of addresses)
    if (type === 'InternalIP') yield { fact: 'address', address, weight: 'strong', source };
  for (const name of ANNOTATED) {
    const [address, length] = (annotations.get(name) ?? '').split('/');
    if (address && length && /^\d{1,3}$/.test(length))
      yield { fact: 'address', address, prefixLength: Number(length), weight: 'strong', source };
  }
}

function* ipsOf({ ips, source }: KubePod): Generator<Clue> {
  for (const address of ips) yield { fact: 'address', address, weight: 'strong', source };
}

/** `pod`, `namespace/pod`, or both with another sign between them; on the node that the API server names, if it names one. */
const isNamedAfter = (ns: NetNamespace, { namespace, name, nodeName }: KubePod): boolean =>
  (nodeName === undefined || nodeName === ns.node) &&
  (ns.name === name ||
    [`${namespace}/`, `${namespace}_`, `${namespace}.`].some((head) => ns.name === `${head}${name}`));
