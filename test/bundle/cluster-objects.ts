/** The objects of the cluster behind the recorded bundle `gen-kubeproxy-iptables-no-endpoints`, as its API server would have given them. */

type Fields = Readonly<Record<string, unknown>>;
interface KubeObject extends Fields {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Fields };
}

const service = (namespace: string, name: string, clusterIP: string, port: Fields): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], selector: { app: name }, ports: [port] },
  status: { loadBalancer: {} },
});

/** Without addresses there are no subsets, and the field is left out. */
const endpoints = (namespace: string, name: string, addresses: readonly Fields[], port: Fields): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name, namespace },
  ...(addresses.length === 0 ? {} : { subsets: [{ addresses, ports: [port] }] }),
});

const target = (ip: string, nodeName: string, namespace: string, name: string): Fields => ({
  ip,
  nodeName,
  targetRef: { kind: 'Pod', namespace, name },
});

const pod = (namespace: string, name: string, nodeName: string, podIP: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: name } },
  spec: { nodeName, containers: [{ name: 'main', image: 'registry.example/main:1' }] },
  status: {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

const node = (name: string, address: string, podCIDR: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { podCIDR, podCIDRs: [podCIDR] },
  status: {
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    nodeInfo: { kubeletVersion: 'v1.27.3', kernelVersion: '6.1.0' },
  },
});

const GRPC = (port: number) => ({ name: 'grpc', port, protocol: 'TCP' });

export const OBJECTS: readonly KubeObject[] = [
  service('boutique', 'currency', '10.8.3.101', { ...GRPC(7000), targetPort: 7000 }),
  service('boutique', 'checkout', '10.8.3.102', { ...GRPC(5050), targetPort: 5050 }),
  service('kube-system', 'kube-dns', '10.8.0.10', { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }),
  service('default', 'kubernetes', '10.8.0.1', { name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }),
  endpoints('boutique', 'currency', [], GRPC(7000)),
  endpoints('boutique', 'checkout', [target('10.4.1.22', 'gke-b', 'boutique', 'checkout')], GRPC(5050)),
  endpoints('kube-system', 'kube-dns', [target('10.4.1.3', 'gke-b', 'kube-system', 'kdns')], {
    name: 'dns',
    port: 53,
    protocol: 'UDP',
  }),
  endpoints('default', 'kubernetes', [{ ip: '10.128.0.4' }], { name: 'https', port: 6443, protocol: 'TCP' }),
  pod('boutique', 'loadgen', 'gke-a', '10.4.0.19'),
  pod('boutique', 'checkout', 'gke-b', '10.4.1.22'),
  pod('kube-system', 'kdns', 'gke-b', '10.4.1.3'),
  node('gke-a', '10.128.0.3', '10.4.0.0/24'),
  node('gke-b', '10.128.0.4', '10.4.1.0/24'),
];

const RESOURCES: Readonly<Record<string, string>> = {
  Service: 'services',
  Endpoints: 'endpoints',
  Pod: 'pods',
  Node: 'nodes',
};

/** The objects of each kind in each namespace; '' for those of the cluster. */
const lists = (): readonly { namespace: string; kind: string; resource: string; items: readonly KubeObject[] }[] =>
  Object.entries(RESOURCES).flatMap(([kind, resource]) => {
    const all = OBJECTS.filter((object) => object.kind === kind);
    const namespaces = [...new Set(all.map((object) => object.metadata.namespace ?? ''))];
    return namespaces.map((namespace) => ({
      namespace,
      kind,
      resource,
      items: all.filter((object) => (object.metadata.namespace ?? '') === namespace),
    }));
  });

/** YAML in block style, with the keys sorted and a list's marks below its key's first letter, as Go's printer writes it. */
const yaml = (value: unknown, indent = ''): string => {
  if (Array.isArray(value))
    return value.length === 0
      ? ' []\n'
      : `\n${value.map((item) => `${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join('')}`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    if (entries.length === 0) return ' {}\n';
    return `\n${entries
      .map(([key, field]) => {
        const inner = Array.isArray(field) ? indent : `${indent}  `;
        return `${indent}${key}:${yaml(field, inner)}`;
      })
      .join('')}`;
  }
  return ` ${typeof value === 'string' && /^[\d.]+$|^(?:True|true)$/.test(value) ? JSON.stringify(value) : String(value)}\n`;
};

/** `oc adm inspect`: a list of each kind in each namespace's folder; pods again and nodes each in a file of their own. */
export const asInspected = (folder: string): Readonly<Record<string, string>> => {
  const texts: Record<string, string> = {};
  const document = (value: unknown): string => `---${yaml(value)}`;
  for (const { namespace, kind, resource, items } of lists()) {
    const list = { apiVersion: 'v1', kind: `${kind}List`, metadata: { resourceVersion: '4242' }, items };
    if (namespace !== '') texts[`${folder}/namespaces/${namespace}/core/${resource}.yaml`] = document(list);
    for (const item of items) {
      const { name } = item.metadata;
      if (kind === 'Node') texts[`${folder}/cluster-scoped-resources/core/nodes/${name}.yaml`] = document(item);
      if (kind === 'Pod') texts[`${folder}/namespaces/${namespace}/pods/${name}/${name}.yaml`] = document(item);
    }
  }
  return texts;
};

/** troubleshoot's collector of cluster resources: a typed list in each namespace's file, of an empty one too. Older releases wrote the items alone. */
export const asCollected = (folder: string, bare: boolean): Readonly<Record<string, string>> => {
  const texts: Record<string, string> = {};
  const json = (kind: string, items: readonly KubeObject[] | null): string => {
    const untyped = items?.map(({ kind: _, apiVersion: __, ...item }) => item) ?? null;
    const list = bare ? untyped : { kind: `${kind}List`, apiVersion: 'v1', metadata: {}, items: untyped };
    return `${JSON.stringify(list, null, 2)}\n`;
  };
  for (const { namespace, kind, resource, items } of lists()) {
    const file = namespace === '' ? resource : `${resource}/${namespace}`;
    texts[`${folder}/cluster-resources/${file}.json`] = json(kind, items);
  }
  texts[`${folder}/cluster-resources/services/empty.json`] = json('Service', null);
  texts[`${folder}/cluster-resources/services-errors.json`] = '[]\n';
  texts[`${folder}/cluster-resources/namespaces.json`] = json('Namespace', []);
  return texts;
};
