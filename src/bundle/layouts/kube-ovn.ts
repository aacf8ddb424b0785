import type { Layout } from './layout.ts';

/** `kubectl ko log`: a folder per node; some files hold several outputs between stars. */
export const KUBE_OVN: Layout = {
  id: 'kube-ovn',
  markers: [/^(?<root>(?:.*?\/)?kubectl-ko-log\/)/],
  nodes: 'path',
  entries: [
    {
      layout: 'kube-ovn',
      pattern: /^(?<node>[^/]+)\/linux\/(?:xfrm|ipsec|iptables-nft|iptables-legacy)\.log$/,
      kind: 'many',
    },
    { layout: 'kube-ovn', pattern: /^(?<node>[^/]+)\/linux\/route\.log$/, kind: 'ip-route' },
    { layout: 'kube-ovn', pattern: /^(?<node>[^/]+)\/linux\/link\.log$/, kind: 'ip-link' },
    { layout: 'kube-ovn', pattern: /^(?<node>[^/]+)\/linux\/neigh\.log$/, kind: 'ip-neigh' },
    { layout: 'kube-ovn', pattern: /^(?<node>[^/]+)\/linux\/addr\.log$/, kind: 'ip-addr' },
    { layout: 'kube-ovn', pattern: /^(?<node>[^/]+)\/linux\/(?:ipset|sysctl|netstat)\.log$/, kind: 'named' },
    { layout: 'kube-ovn', pattern: /./, kind: 'skip' },
  ],
};
