import type { Layout } from './layout.ts';

/** antctl supportbundle: an archive per agent with one file per tool, no node in it. */
export const ANTREA: Layout = {
  id: 'antrea',
  markers: [/^(?<root>(?:.*?\/)?agent_[^/]+\/)/, /^(?<root>(?:.*?\/)?)(?:agentinfo|ovsports)$/],
  nodes: 'one',
  root: /(?:^|\/)(?:agent_)?(?<name>[^/]+?)(?:\.tar(?:\.gz)?|\.tgz)?!?\/$/,
  entries: [
    { layout: 'antrea', pattern: /(?:^|\/)iptables$/, kind: 'iptables-save' },
    { layout: 'antrea', pattern: /(?:^|\/)ipset$/, kind: 'ipset' },
    { layout: 'antrea', pattern: /(?:^|\/)nftables$/, kind: 'nft-ruleset' },
    { layout: 'antrea', pattern: /(?:^|\/)rule$/, kind: 'ip-rule' },
    { layout: 'antrea', pattern: /(?:^|\/)route-table-all$/, kind: 'ip-route', command: 'ip route show table all' },
    { layout: 'antrea', pattern: /(?:^|\/)route$/, kind: 'ip-route' },
    { layout: 'antrea', pattern: /(?:^|\/)link$/, kind: 'ip-link' },
    { layout: 'antrea', pattern: /(?:^|\/)address$/, kind: 'ip-addr' },
    { layout: 'antrea', pattern: /(?:^|\/)(?:flows|groups|ovsports|agentinfo|memprofile|logs\/.*)$/, kind: 'skip' },
  ],
};
