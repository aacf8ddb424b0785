import { mainAddress, NODE_PORT } from './flows.ts';
import type { RuleContext } from './rules.ts';

const elements = (members: readonly string[]): string =>
  members.length > 0 ? `elements = { ${[...new Set(members)].join(', ')} }` : '';

/** kube-proxy's nftables mode: services and ends by verdict maps, its own base chains beside those of iptables. */
export const kubeProxyNft = (c: RuleContext): readonly string[] => {
  const { random, family } = c;
  const ip = family === 4 ? 'ip' : 'ip6';
  const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const cluster = family === 4 ? '10.244.0.0/16' : 'fd44::/16';
  const local = family === 4 ? '127.0.0.0/8' : '::1';
  const vips = family === 4 ? c.topology.vips : c.topology.vips6;
  const asked = c.flows.filter((f) => f.proto !== 'icmp');
  const service = () => {
    const toVips = asked.filter((f) => vips.includes(f.dst));
    const flow = toVips.length > 0 ? random.pick(toVips) : asked.length > 0 ? random.pick(asked) : undefined;
    return { address: flow?.dst ?? vips[0] ?? '', port: flow?.dport || 80, proto: flow?.proto ?? 'tcp' };
  };
  const { address, port, proto } = service();
  const other = service();
  const pods = c.topology.pods.map((p) => mainAddress(p, family));
  const ends = [random.pick(pods), random.pick(pods)];
  const to = random.pick([80, 8080, 53]);
  const with_ = (end: string) => (family === 4 ? `${end}:${to}` : `[${end}]:${to}`);
  const name = `ABCDEFGH-shop/web/${proto}/http`;
  const end = (i: number) => `endpoint-${'IJKLMNOP'[i]}QRSTUV-shop/web/${proto}/http__${i}/${to}`;
  const empty =
    other.address === address && other.port === port && other.proto === proto
      ? []
      : [`${other.address} . ${other.proto} . ${other.port} comment "shop/old:http" : goto reject-chain`];
  const nodes = c.topology.nodes.map((n) => mainAddress(n, family)).filter((a) => a !== '');
  return `table ${ip} kube-proxy {
comment "rules for kube-proxy"
set cluster-ips { type ${type}; comment "Active ClusterIPs"; ${elements([address])} }
set nodeport-ips { type ${type}; comment "IPs that accept NodePort traffic"; ${elements(nodes)} }
map no-endpoint-services { type ${type} . inet_proto . inet_service : verdict; ${elements(empty)} }
map service-ips { type ${type} . inet_proto . inet_service : verdict; ${elements([`${address} . ${proto} . ${port} comment "shop/web:http" : goto service-${name}`])} }
map service-nodeports { type inet_proto . inet_service : verdict; ${elements([`${proto} . ${NODE_PORT} comment "shop/web:http" : goto external-${name}`])} }
chain filter-prerouting { type filter hook prerouting priority dstnat - 10; policy accept; ct state new jump firewall-check; }
chain filter-input { type filter hook input priority -110; policy accept; ct state new jump service-endpoints-check; }
chain filter-forward { type filter hook forward priority -110; policy accept; ct state new jump service-endpoints-check; ct state new jump cluster-ips-check; }
chain filter-output { type filter hook output priority -110; policy accept; ct state new jump service-endpoints-check; ct state new jump firewall-check; }
chain filter-output-post-dnat { type filter hook output priority -90; policy accept; ct state new jump cluster-ips-check; }
chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
chain nat-output { type nat hook output priority -100; policy accept; jump services; }
chain nat-postrouting { type nat hook postrouting priority srcnat; policy accept; jump masquerading; }
chain firewall-check { }
chain service-endpoints-check { ${ip} daddr . meta l4proto . th dport vmap @no-endpoint-services; }
chain cluster-ips-check { ${ip} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"; }
chain reject-chain { reject; }
chain services {
${ip} daddr . meta l4proto . th dport vmap @service-ips
${ip} daddr @nodeport-ips ${ip} daddr != ${local} meta l4proto . th dport vmap @service-nodeports
}
chain mark-for-masquerade { meta mark set meta mark | 0x00004000; }
chain masquerading {
meta mark & 0x00004000 == 0x00000000 return
meta mark set meta mark ^ 0x00004000
masquerade fully-random
}
chain external-${name} { jump mark-for-masquerade
goto service-${name}; }
chain service-${name} {
${ip} daddr ${address} ${proto} dport ${port} ${ip} saddr != ${cluster} jump mark-for-masquerade
numgen random mod 2 vmap { 0 : goto ${end(0)}, 1 : goto ${end(1)} }
}
${ends
  .map(
    (address, i) => `chain ${end(i)} {
${ip} saddr ${address} jump mark-for-masquerade
meta l4proto ${proto} dnat to ${with_(address)}
}`,
  )
  .join('\n')}
}`.split('\n');
};
