/** Programs that write rules, chains and sets. */
export type RuleOwner =
  | 'kube-proxy'
  | 'kubelet'
  | 'kube-router'
  | 'calico'
  | 'flannel'
  | 'cilium'
  | 'submariner'
  | 'raven'
  | 'docker'
  | 'cni-portmap'
  | 'firewalld'
  | 'ufw'
  | 'istio'
  | 'nodelocaldns'
  | 'antrea'
  | 'weave'
  | 'libvirt'
  | 'kube-ovn'
  | 'ovn-kubernetes'
  | 'terway'
  | 'openstack'
  | 'fail2ban'
  | 'user';

/** Names by which each writer's chains, sets and tables are known; the first that fits decides, so kube-router's come before kube-proxy's. */
const NAMES: readonly (readonly [RuleOwner, RegExp])[] = [
  ['kube-router', /^(KUBE-ROUTER-|KUBE-NWPLCY-|KUBE-POD-FW-|KUBE-(SRC|DST)-|kube-router-|inet6:kube-router-)/],
  ['kubelet', /^(KUBE-KUBELET-CANARY|KUBE-IPTABLES-HINT)$/],
  ['cni-portmap', /^(CNI-|cni_hostport|KUBE-HOSTPORT|KUBE-HP-)/],
  ['kube-proxy', /^(KUBE-|kube-proxy$)/],
  ['calico', /^(cali-|cali4|cali6|felix-|calico)/],
  ['flannel', /^(FLANNEL-|flannel-)/],
  ['cilium', /^(OLD_)?CILIUM_|^cilium_/],
  ['submariner', /^(SUBMARINER|SM-GN-)/i],
  ['raven', /^(RAVEN-|raven-)/],
  ['docker', /^(DOCKER|docker-bridges$|filter-forward-(in|out)__|nat-(postrouting|prerouting)-)/],
  ['ufw', /^ufw6?-/],
  ['istio', /^(ISTIO_|ZTUNNEL|istio-)/],
  ['antrea', /^ANTREA-/],
  ['weave', /^(WEAVE|weave-)/],
  ['libvirt', /^LIBVIRT_|^libvirt_/],
  ['kube-ovn', /^(OVN-|ovn(40|60))/],
  ['ovn-kubernetes', /^(OVN-KUBE-|ovn-kubernetes)/],
  ['terway', /^terway/i],
  ['openstack', /^neutron-/],
  ['fail2ban', /^(f2b-|fail2ban-)/],
  [
    'firewalld',
    /^(firewalld$|(PRE|POST|IN|FWDI|FWDO|FWD)_[a-z]|(INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_(direct|ZONES|POLICIES|rules|IN_ZONES|OUT_ZONES)|filter_(INPUT|FORWARD|OUTPUT|IN_|FWD)|nat_(PRE|POST|OUTPUT))/,
  ],
];

/** Words of a comment that only one writer uses. */
const COMMENTS: readonly (readonly [RuleOwner, RegExp])[] = [
  ['calico', /^cali:/],
  ['nodelocaldns', /NodeLocal DNS Cache/],
  ['flannel', /^flanneld /],
  [
    'kube-router',
    /^(kube-router netpol|rule to (jump|REJECT|ACCEPT|DROP|mark|log|permit|drop|explicitly)|handle traffic to IPVS service IPs|allow input traffic to ipvs services|reject all unexpected traffic to service IPs)/,
  ],
  ['cilium', /^cilium[: ]/],
  ['cni-portmap', /^(dnat name: "|CNI portfwd)/],
  ['kube-proxy', /^(kubernetes |Kubernetes |masquerade .*traffic)/],
  ['raven', /^raven/],
];

/** The writer of a chain, set or rule by the chain's or set's name and the rule's comment; `user` where nothing tells. */
export const ownerOfChain = (name: string, comment?: string): RuleOwner => {
  for (const [owner, names] of NAMES) if (names.test(name)) return owner;
  if (comment !== undefined) for (const [owner, words] of COMMENTS) if (words.test(comment)) return owner;
  return 'user';
};
