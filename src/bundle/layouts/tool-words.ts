import type { CaptureKind } from '../../records/capture.ts';

/** A tool's words as they stand in a command line or in a file name made from one. */
export interface ToolWords {
  /** The words in their order, lower case; `|` separates equals. */
  readonly words: string;
  readonly kind: CaptureKind;
  readonly family?: 4 | 6;
  /** Words that other files may carry too: without a content that agrees they name nothing. */
  readonly common?: true;
}

/** Objects of `ip`, behind which only options of it may stand. */
export const IP_OBJECTS: Readonly<Record<string, CaptureKind | undefined>> = {
  address: 'ip-addr',
  addresses: 'ip-addr',
  addr: 'ip-addr',
  addrs: 'ip-addr',
  ad: 'ip-addr',
  a: 'ip-addr',
  link: 'ip-link',
  links: 'ip-link',
  li: 'ip-link',
  l: 'ip-link',
  interface: 'ip-link',
  interfaces: 'ip-link',
  route: 'ip-route',
  routes: 'ip-route',
  routing: 'ip-route',
  ro: 'ip-route',
  r: 'ip-route',
  rule: 'ip-rule',
  rules: 'ip-rule',
  ru: 'ip-rule',
  neigh: 'ip-neigh',
  neighs: 'ip-neigh',
  neighbor: 'ip-neigh',
  neighbors: 'ip-neigh',
  neighbour: 'ip-neigh',
  neighbours: 'ip-neigh',
  nei: 'ip-neigh',
  ne: 'ip-neigh',
  n: 'ip-neigh',
};

export const TOOL_WORDS: readonly ToolWords[] = [
  { words: 'ipvsadm connections|connection|conn|conns|c|lnc|lc|lcn', kind: 'ipvsadm-connections' },
  { words: 'ipvsadm ln|l|list connection|connections|conn|c', kind: 'ipvsadm-connections' },
  { words: 'ipvsadm timeout|timeouts', kind: 'ipvsadm-timeout' },
  { words: 'ipvsadm ln|l|list timeout', kind: 'ipvsadm-timeout' },
  { words: 'ipvsadm', kind: 'ipvsadm' },
  { words: 'ipvsadmln', kind: 'ipvsadm' },
  { words: 'ip vs conn', kind: 'ipvsadm-connections' },
  // Totals of all services: no list of them.
  { words: 'ip vs stats', kind: 'ipvsadm', common: true },
  { words: 'ip vs', kind: 'ipvsadm' },
  { words: 'ipvs connections|connection|conn', kind: 'ipvsadm-connections' },
  { words: 'ipvs', kind: 'ipvsadm' },
  { words: 'iptables|iptable|ipv4tables|ip4tables legacy|nft save', kind: 'iptables-save', family: 4 },
  { words: 'ip6tables legacy|nft save', kind: 'iptables-save', family: 6 },
  { words: 'iptables|iptable|iptables4 save', kind: 'iptables-save', family: 4 },
  { words: 'iptablessave|iptablesave', kind: 'iptables-save', family: 4 },
  { words: 'ip6tables|iptables6 save', kind: 'iptables-save', family: 6 },
  { words: 'ip6tablessave|ip6tablesave|iptables6save', kind: 'iptables-save', family: 6 },
  {
    words: 'iptables|iptablesnat|iptablesmangle|iptablesfilter|iptablesraw|ip4tables',
    kind: 'iptables-list',
    family: 4,
  },
  {
    words: 'ip6tables|iptables6|ip6tablesnat|ip6tablesmangle|ip6tablesfilter|ip6tablesraw',
    kind: 'iptables-list',
    family: 6,
  },
  { words: 'ipv4 tables', kind: 'iptables-save', family: 4 },
  { words: 'ipv6 tables', kind: 'iptables-save', family: 6 },
  { words: 'ip tables save', kind: 'iptables-save', family: 4 },
  { words: 'ip tables', kind: 'iptables-list', family: 4 },
  { words: 'nft|nftables|nftable', kind: 'nft-ruleset' },
  { words: 'ipset|ipsets', kind: 'ipset' },
  { words: 'stat nf conntrack', kind: 'conntrack-stats' },
  { words: 'nf|ip conntrack count|max|buckets|stat', kind: 'sysctl', common: true },
  { words: 'nf|ip conntrack', kind: 'conntrack' },
  { words: 'conntrack|conntrack6 s|stats|stat|statistics', kind: 'conntrack-stats' },
  { words: 'conntrack|conntrack6|conntracks', kind: 'conntrack' },
  { words: 'xfrm|xfrms stat|stats|statistics', kind: 'xfrm-stat' },
  { words: 'xfrmstat|xfrmstats|procnetxfrmstat', kind: 'xfrm-stat' },
  { words: 'xfrm|x state|states|s|sa|sas|stat|st', kind: 'xfrm-state' },
  { words: 'xfrmstate|xfrmstates', kind: 'xfrm-state' },
  { words: 'xfrm|x policy|policies|p|pol|poli', kind: 'xfrm-policy' },
  { words: 'xfrmpolicy|xfrmpolicies', kind: 'xfrm-policy' },
  { words: 'xfrm', kind: 'xfrm-state', common: true },
  { words: 'ip|ip4|ipv4|ip6|ipv6 OBJECT', kind: 'ip-addr' },
  { words: 'ipaddr|ipaddress|ipa|ipaddrshow|ipaddressshow|ipaddrs', kind: 'ip-addr' },
  { words: 'ipv6addrshow|ip6addr|ipv6addr', kind: 'ip-addr', family: 6 },
  { words: 'iplink|iplinkshow|iplinks', kind: 'ip-link' },
  { words: 'iproute|iprouteshow|iproutes|ip4route', kind: 'ip-route' },
  { words: 'ipv6route|ip6route|ip6routes|iproute6', kind: 'ip-route', family: 6 },
  { words: 'iprule|iprules|ip4rule', kind: 'ip-rule' },
  { words: 'ipv6rule|ip6rule|ip6rules|iprule6', kind: 'ip-rule', family: 6 },
  { words: 'ipneigh|ipneighbour|ipneighbor', kind: 'ip-neigh' },
  { words: 'ipv6neighbour|ip6neigh|ipv6neigh|ipv6neighbor', kind: 'ip-neigh', family: 6 },
  { words: 'ifconfig', kind: 'ip-addr' },
  { words: 'bridge OBJECT', kind: 'bridge-fdb' },
  { words: 'brctl showmacs', kind: 'bridge-fdb' },
  { words: 'fdb', kind: 'bridge-fdb', common: true },
  { words: 'netstat s|statistics|snmp|proc', kind: 'counters' },
  { words: 'netstat rn|nr|route|r', kind: 'ip-route' },
  { words: 'netstatistics', kind: 'counters' },
  { words: 'nstat', kind: 'counters' },
  { words: 'proc net netstat|snmp|snmp6', kind: 'counters' },
  { words: 'snmp|snmp6', kind: 'counters', common: true },
  { words: 'netstat', kind: 'sockets' },
  { words: 'proc net tcp|tcp6|udp|udp6|udplite|udplite6', kind: 'sockets' },
  { words: 'net tcp|tcp6|udp|udp6', kind: 'sockets', common: true },
  { words: 'ss|ssanp|ssitan|ssuapn|ssantp|sstunlp4|sstunlp6', kind: 'sockets' },
  { words: 'sockets', kind: 'sockets', common: true },
  { words: 'sysctl|sysctls|sysctla', kind: 'sysctl' },
  { words: 'uname', kind: 'uname' },
  { words: 'hostname|hostnamectl|hostnames|hostnamefqdn', kind: 'hostname' },
  { words: 'date|timedatectl', kind: 'date' },
  { words: 'dmesg', kind: 'dmesg' },
  { words: 'rt cache', kind: 'rt-cache' },
  { words: 'tcpdump', kind: 'tcpdump' },
  { words: 'kubectl|oc|crictl get|describe', kind: 'kubectl' },
  { words: 'kubectl cluster info dump', kind: 'kubectl' },
  { words: 'route table', kind: 'ip-route', common: true },
  { words: 'route|routes|routing', kind: 'ip-route', common: true },
  { words: 'rule|rules', kind: 'ip-rule', common: true },
  { words: 'neigh|neighbor|neighbour|neighbours|neighbors|arp', kind: 'ip-neigh', common: true },
  { words: 'addr|address|addresses', kind: 'ip-addr', common: true },
  { words: 'link|links|interfaces', kind: 'ip-link', common: true },
  { words: 'packets|capture|sniff', kind: 'tcpdump', common: true },
  { words: 'services|svc|endpoints|endpointslices|endpointslice|pods|nodes', kind: 'kubectl', common: true },
  {
    words: 'get|describe svc|services|service|endpoints|ep|endpointslices|endpointslice|pods|pod|po|nodes|node|all',
    kind: 'kubectl',
  },
];

/** Words between a tool and what it shows, or behind it: options, tables, objects, output forms. */
export const OPTION_WORDS: ReadonlySet<string> = new Set(
  (
    'list ls l lst show sh s save dump all a v vv vvv n nn nv nvl nvxl vnxl vnl lnv lvn vn lv ln lnc lc x c sc lsc line numbers linenumbers numeric exact stats stat ' +
    'statistics rate timeout thresholds threshold persistent persist conn connection connections sort daemon ' +
    't table tables nat filter mangle raw security legacy nft ruleset rules chain chains o extended oneline f family ipv4 ipv6 inet inet6 ip ip6 4 6 v4 v6 ' +
    'd details detail stateless h human j json p br brief b e w m i u g z az zas as nud noarp cache type dev state policy proto ' +
    'antp anp tunap tulpn tupna tulnp tlnp ulnp plnt lntp lntup tlpn anu ant ane anop peaonmi neopa agn an tan uan itan ' +
    'established listening id xml labels timestamp ktimestamp userspace count proc net sys cat get wide yaml output k8s link fdb vlan ns namespaces namespace system kube default svc services endpoints endpointslices pods nodes'
  ).split(' '),
);

/** Words that tell when an output was taken. */
export const TAKE_WORDS: ReadonlySet<string> = new Set(
  'before after during broken good bad ok working failing failed fail success healthy old new orig'.split(' '),
);

/** Words that alone are no node's name: of takes, of ends, of what is in the file. */
export const LABEL_WORDS: ReadonlySet<string> = new Set(
  (
    'before after during broken good bad ok working failing failed fail success healthy old new first second cat sudo proc sys net run cmd stdout show last final test host root client server output out log ' +
    'result results raw full all now today then start end begin orig original copy backup bak tmp current latest dump data info v4 v6 ipv4 ipv6 txt any main local global'
  ).split(' '),
);
