import type { Capture } from '../records/capture.ts';
import type { KubeEndpoint, KubeNode, KubePod, KubeService } from '../records/kube.ts';
import { assemble } from './assemble.ts';
import { buildNamespace } from './build-namespace.ts';
import { withImaginedPods } from './imagine-pods.ts';
import { withInferences } from './inferred/infer.ts';
import type { KubeObjects, NetNode, Network } from './network.ts';

/** What a network is built from: every node with the captures of its own and of its pods' namespaces. A bundle is one. */
export interface NetworkInput {
  readonly nodes: readonly {
    readonly name: string;
    /** '' is the host's own namespace. */
    readonly namespaces: readonly { readonly name: string; readonly captures: readonly Capture[] }[];
  }[];
}

/** Puts the picture together. Nodes of one name are one node, namespaces of one name on it one namespace. */
export const buildNetwork = (input: NetworkInput): Network => {
  const grouped = new Map<string, Map<string, Capture[]>>();
  for (const node of input.nodes) {
    const namespaces = grouped.get(node.name) ?? new Map<string, Capture[]>([['', []]]);
    grouped.set(node.name, namespaces);
    for (const { name, captures } of node.namespaces)
      namespaces.set(name, [...(namespaces.get(name) ?? []), ...captures]);
  }
  const nodes = [...grouped].map(([name, namespaces]) => buildNode(name, namespaces));
  const all = [...grouped.values()].flatMap((namespaces) => [...namespaces.values()].flat());
  const kube = buildKube(all);
  const taken = new Set(
    nodes.flatMap((node) =>
      node.namespaces.flatMap((ns) => [...ns.links.values()].flatMap((link) => link.addresses.map((a) => a.address))),
    ),
  );
  const imagined = nodes.map((node) => withImaginedPods(node, taken, kube.pods));
  return assemble(withInferences(imagined, kube), kube);
};

const buildNode = (name: string, captures: ReadonlyMap<string, readonly Capture[]>): NetNode => {
  const namespaces = [...captures].map(([namespace, list]) => buildNamespace(name, namespace, list));
  const own = [...captures.values()].flat();
  const [host] = namespaces;
  if (!host) throw new Error(`node ${name} has no namespace`);
  return {
    name,
    kernel: own.findLast((c) => c.data.kernel)?.data.kernel,
    time: own.find((c) => c.data.time)?.data.time,
    host,
    namespaces,
  };
};

/** Objects of the API server: the same on every node that printed them. Of several views the last one holds. */
const buildKube = (captures: readonly Capture[]): KubeObjects => {
  const views = captures.flatMap((c) => (c.data.kube ? [c.data.kube] : []));
  const lastOf = <T>(records: readonly T[], key: (record: T) => string): readonly T[] => [
    ...new Map(records.map((record) => [key(record), record])).values(),
  ];
  return {
    services: lastOf(
      views.flatMap((v) => [...v.services]),
      (s: KubeService) => `${s.namespace}/${s.name}`,
    ),
    endpoints: lastOf(
      views.flatMap((v) => [...v.endpoints]),
      (e: KubeEndpoint) => `${e.namespace}/${e.service} ${e.address} ${e.protocol} ${e.port}`,
    ),
    pods: lastOf(
      views.flatMap((v) => [...v.pods]),
      (p: KubePod) => `${p.namespace}/${p.name}`,
    ),
    nodes: lastOf(
      views.flatMap((v) => [...v.nodes]),
      (n: KubeNode) => n.name,
    ),
  };
};
