import type { Layout } from './layout.ts';

/** subctl gather and the diagnostics toolkit around it: the node in the file name, the command in the first line. A folder per cluster, or the cluster in front of the node. */
export const SUBCTL: Layout = {
  id: 'subctl',
  markers: [/^(?<root>(?:.*\/)?)[^/]+_(?:ip-a|ip-l|ip-routes|ip-rules|ip-xfrm-state|iptables-nat)\.log$/],
  nodes: 'path',
  root: /(?:^|\/)submariner-(?<time>\d{14})\/(?:(?<name>[^/]+)\/)?$/,
  entries: [
    {
      layout: 'subctl',
      pattern: /(?:^|[/_])(?<node>[^/_]+)_(?:ip-(?:a|l|routes|rules|xfrm)|iptables|ipset|sysctl)[^/]*\.log$/,
      kind: 'named',
    },
    { layout: 'subctl', pattern: /(?:^|\/)tcpdump\/[^/]*-gateway-(?<node>[^/]+)-analysis\.txt$/, kind: 'tcpdump' },
    { layout: 'subctl', pattern: /\.(?:log|prev|yaml|html)$/, kind: 'skip' },
  ],
};
