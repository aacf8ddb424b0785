import type { Layout } from './layout.ts';

/** `kubectl cluster-info dump` into a folder. It has no endpoints. */
export const CLUSTER_INFO: Layout = {
  id: 'cluster-info',
  markers: [/^(?<root>(?:.*?\/)?)kube-system\/(?:services|pods|daemonsets)\.(?:json|yaml)$/],
  nodes: 'path',
  entries: [
    {
      layout: 'cluster-info',
      pattern: /(?:^|\/)(?:services|pods|nodes|endpoints|endpointslices)\.(?:json|yaml)$/,
      kind: 'kubectl',
    },
    {
      layout: 'cluster-info',
      pattern: /(?:^|\/)(?:events|replication-controllers|daemonsets|deployments|replicasets)\.(?:json|yaml)$/,
      kind: 'skip',
    },
    { layout: 'cluster-info', pattern: /(?:^|\/)logs\.txt$/, kind: 'skip' },
  ],
};
