import type { CaptureKind } from '../records/capture.ts';

/**
 * What to run to get a capture that is missing. One command per kind, the least that decides and that changes nothing on the node.
 * `ip -s xfrm state` prints keys; `nokeys` (iproute2 5.0) keeps them out of the bundle.
 */
const COMMANDS: Readonly<Record<CaptureKind, string>> = {
  'iptables-save': 'iptables-save -c; ip6tables-save -c',
  'iptables-list': 'iptables -L -v -n -x --line-numbers',
  'nft-ruleset': 'nft -a list ruleset',
  ipset: 'ipset list',
  conntrack: 'conntrack -L -o extended',
  'conntrack-stats': 'conntrack -S',
  ipvsadm: 'ipvsadm -Ln',
  'ipvsadm-connections': 'ipvsadm -Lnc',
  'ipvsadm-timeout': 'ipvsadm -L --timeout',
  'xfrm-state': 'ip -s xfrm state list nokeys',
  'xfrm-policy': 'ip -s xfrm policy',
  'xfrm-stat': 'cat /proc/net/xfrm_stat',
  'ip-addr': 'ip -d addr',
  'ip-link': 'ip -s -d link',
  'ip-route': 'ip route show table all; ip -6 route show table all',
  'ip-rule': 'ip rule; ip -6 rule',
  'ip-neigh': 'ip neigh',
  'bridge-fdb': 'bridge fdb',
  'bridge-link': 'bridge -d link',
  sockets: 'ss -antup',
  sysctl: 'sysctl -a',
  counters: 'nstat -az',
  'rt-cache': 'cat /proc/net/stat/rt_cache',
  dmesg: 'dmesg',
  tcpdump: 'tcpdump -i any -nn -tttt -v',
  kubectl: 'kubectl get svc,endpointslices,pods,nodes -A -o yaml',
  uname: 'uname -a',
  hostname: 'hostname',
  date: 'date --iso-8601=ns',
};

/** The command for a kind of capture; undefined for a kind of a newer release. */
export const collectCommand = (kind: string): string | undefined =>
  Object.hasOwn(COMMANDS, kind) ? COMMANDS[kind as CaptureKind] : undefined;
