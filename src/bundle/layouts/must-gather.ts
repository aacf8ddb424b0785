import type { Layout } from './layout.ts';

/** oc adm must-gather and oc adm inspect; network-tools and kubevirt gather in the same tree. */
export const MUST_GATHER: Layout = {
  id: 'must-gather',
  markers: [
    /^(?<root>(?:.*?\/)?)(?:cluster-scoped-resources\/|network_logs\/|event-filter\.html$|must-gather\.logs?$)/,
  ],
  nodes: 'path',
  entries: [
    { layout: 'must-gather', pattern: /^timestamp$/, kind: 'clock' },
    {
      layout: 'must-gather',
      pattern: /(?:^|\/)network_logs\/ipsec\/xfrm\/(?<pod>[^/]+)_state\.log$/,
      kind: 'xfrm-state',
      command: 'ip xfrm state',
    },
    {
      layout: 'must-gather',
      pattern: /(?:^|\/)network_logs\/ipsec\/xfrm\/(?<pod>[^/]+)_policy\.log$/,
      kind: 'xfrm-policy',
      command: 'ip xfrm policy',
    },
    {
      layout: 'must-gather',
      pattern: /(?:^|\/)network_logs\/(?<pod>[^/]+?)_ip_(?:addr|route|6_route|-s_-d_link)$/,
      kind: 'named',
    },
    {
      layout: 'must-gather',
      pattern: /(?:^|\/)network_logs\/(?<node>[^/_]+)_(?:[^/_]+_)?iptables$/,
      kind: 'iptables-save',
    },
    { layout: 'must-gather', pattern: /(?:^|\/)network_logs\//, kind: 'skip' },
    {
      layout: 'must-gather',
      pattern:
        /(?:^|\/)namespaces\/[^/]+\/(?:core|discovery\.k8s\.io)\/(?:services|endpoints|endpointslices|pods)\.ya?ml$/,
      kind: 'kubectl',
    },
    { layout: 'must-gather', pattern: /(?:^|\/)namespaces\/[^/]+\/pods\/(?<pod>[^/]+)\/netns_ip_a$/, kind: 'many' },
    {
      layout: 'must-gather',
      pattern: /(?:^|\/)namespaces\/[^/]+\/pods\/(?<object>[^/]+)\/\k<object>\.ya?ml$/,
      kind: 'kubectl',
    },
    {
      layout: 'must-gather',
      pattern: /(?:^|\/)cluster-scoped-resources\/core\/nodes(?:\/[^/]+)?\.ya?ml$/,
      kind: 'kubectl',
    },
    {
      layout: 'must-gather',
      pattern:
        /(?:^|\/)(?:namespaces|cluster-scoped-resources|host_service_logs|audit_logs|static-pods|etcd_info|monitoring|insights-data)\//,
      kind: 'skip',
    },
    { layout: 'must-gather', pattern: /(?:^|\/)nodes\/(?<node>[^/]+)\/ip(?:\.txt)?$/, kind: 'ip-addr' },
    {
      layout: 'must-gather',
      pattern:
        /(?:^|\/)nodes\/(?<node>[^/]+)\/(?:nftables|addresses|routes|arp|iptables|sysctl|conntrack-l|bridge)(?:\.txt)?$/,
      kind: 'named',
    },
    { layout: 'must-gather', pattern: /(?:^|\/)nodes\//, kind: 'skip' },
  ],
};
