import type { Layout } from './layout.ts';

/** The log collector of Amazon EKS nodes. */
export const EKS: Layout = {
  id: 'eks',
  markers: [
    /^(?<root>(?:.*?\/)?)(?:system\/instance-id\.txt|networking\/conntrack6\.txt|networking\/ip6tables-save\.txt|networking\/iprule\.txt)$/,
  ],
  nodes: 'one',
  root: /(?:^|\/)eks_(?<name>i-[0-9a-f]+)_(?<time>\d{4}-\d\d-\d\d_\d{4})-UTC[^/]*\/$/,
  entries: [
    { layout: 'eks', pattern: /(?:^|\/)kubelet\/svc\.log$/, kind: 'kubectl' },
    { layout: 'eks', pattern: /(?:^|\/)(?:networking|sysctls|kernel)\/[^/]+$/, kind: 'named' },
    { layout: 'eks', pattern: /(?:^|\/)system\/netstat\.txt$/, kind: 'sockets' },
    {
      layout: 'eks',
      pattern:
        /(?:^|\/)(?:system|var_log|containerd|docker|cni|ipamd|storage|modinfo|kubelet|nodeadm|sandbox-image|gpu|ecs|etc)\//,
      kind: 'skip',
    },
  ],
};
