import type { Layout } from './layout.ts';

/** The Rancher v2 logs collector, for RKE, RKE2, k3s and kubeadm nodes. */
export const RANCHER: Layout = {
  id: 'rancher',
  markers: [
    /^(?<root>(?:.*?\/)?)(?:networking\/(?:iptablessave|ip6tablessave|procnetxfrmstat|ssanp|ipaddrshow)|systeminfo\/sysctla)$/,
  ],
  nodes: 'one',
  root: /(?:^|\/)(?<name>[^/]+?)-(?<time>\d{4}-\d\d-\d\d_\d\d_\d\d_\d\d)\/$/,
  entries: [
    { layout: 'rancher', pattern: /(?:^|\/)networking\/ss[a-z0-9]{2,8}$/, kind: 'sockets' },
    { layout: 'rancher', pattern: /(?:^|\/)networking\/cni\//, kind: 'skip' },
    { layout: 'rancher', pattern: /(?:^|\/)(?:networking|systeminfo)\/[^/]+$/, kind: 'named' },
    { layout: 'rancher', pattern: /(?:^|\/)kubectl\/(?:services|endpoints|pods|nodes|nodes\.json)$/, kind: 'kubectl' },
    { layout: 'rancher', pattern: /(?:^|\/)kubeadm\/kubectl\/cluster-info_dump$/, kind: 'kubectl' },
    {
      layout: 'rancher',
      pattern:
        /(?:^|\/)(?:kubectl|k3s|rke2|rke|kubeadm|journald|systemlogs|docker|etcd|directories|podlogs|pod-manifests)\//,
      kind: 'skip',
    },
  ],
};
