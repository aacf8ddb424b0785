import type { Layout } from './layout.ts';

/** `calicoctl cluster diags`: a folder per node, the cluster's objects beside. */
export const CALICO_CLUSTER: Layout = {
  id: 'calico',
  markers: [/^(?<root>(?:.*?\/)?calico-diagnostics-[^/]+\/)/],
  nodes: 'path',
  root: /(?:^|\/)calico-diagnostics-(?<time>\d{8}_\d{6})\/$/,
  entries: [
    { layout: 'calico', pattern: /(?:^|\/)nodes\/(?<node>[^/]+)\/[^/]+\.txt$/, kind: 'named' },
    {
      layout: 'calico',
      pattern: /(?:^|\/)cluster\/kubernetes\/(?:services|endpoints|endpointslices|pods|nodes)\.(?:yaml|txt)$/,
      kind: 'kubectl',
    },
    { layout: 'calico', pattern: /(?:^|\/)cluster\//, kind: 'skip' },
  ],
};

/** `calicoctl node diags` and felix's calico-diags: one node, told by its own captures or the archive's name. */
export const CALICO_NODE: Layout = {
  id: 'calico',
  markers: [
    /^(?<root>(?:.*?\/)?diagnostics\/)(?:ipv4_tables|ipv4_addr|ipsets)$/,
    /^(?<root>(?:.*?\/)?calico-diags_[^/]+\/)/,
  ],
  nodes: 'one',
  root: /(?:^|\/)calico-diags_(?<name>[^/]+?)_(?<time>\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)\/$/,
  entries: [
    { layout: 'calico', pattern: /^(?:ip_addr|ip_link|route)$/, kind: 'many' },
    { layout: 'calico', pattern: /^(?:iptables|ip6tables|ipset|ss|netstat)$/, kind: 'named' },
    { layout: 'calico', pattern: /(?:^|\/)(?:logs|etc|var)\//, kind: 'skip' },
  ],
};
