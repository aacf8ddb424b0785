import { knows, type NetNamespace, sysctl } from '../../network/namespace.ts';
import type { NetNode } from '../../network/network.ts';
import { ownerOfChain } from '../../path/netfilter/owner.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { BundleCheck } from '../facts/finding.ts';

/** Settings of a node that decide about other nodes' and pods' packets, and that an agent sets alike everywhere. */
const NAMES: readonly string[] = [
  'net.ipv4.ip_forward',
  'net.ipv6.conf.all.forwarding',
  'net.bridge.bridge-nf-call-iptables',
  'net.ipv4.conf.all.rp_filter',
  'net.ipv4.conf.all.arp_ignore',
  'net.ipv4.conf.all.arp_announce',
  'net.ipv4.vs.conntrack',
  'net.ipv4.vs.conn_reuse_mode',
  'net.netfilter.nf_conntrack_tcp_be_liberal',
];
/** Of two nodes nobody can say which one is odd. */
const COMPARED = 3;

/** What a node does, by what its agents keep on it: nodes of one kind should be set up alike. */
const roleOf = (host: NetNamespace): string => {
  const owners = new Set(
    host.tables.flatMap((t) =>
      [...t.chains.values()].flatMap((c) => (c.policy === undefined ? [ownerOfChain(c.name)] : [])),
    ),
  );
  const tunnels = [...host.links.values()].filter((l) => l.vxlan !== undefined).map((l) => l.name);
  return [
    owners.has('kube-proxy') || owners.has('kube-router') ? 'node' : '',
    host.services.length > 0 ? 'ipvs' : '',
    host.policies.length > 0 ? 'ipsec' : '',
    ...tunnels.sort(),
  ]
    .filter((part) => part !== '')
    .join(' ');
};

/** One node of a kind has another value than all the others. */
export const sysctlsDiffer: BundleCheck = {
  id: 'sysctls-differ',
  needs: ['sysctl'],
  detect: (network) => {
    const roles = new Map<string, NetNode[]>();
    for (const node of network.nodes)
      if (knows(node.host, 'sysctl')) roles.set(roleOf(node.host), [...(roles.get(roleOf(node.host)) ?? []), node]);
    // Machines without any of a cluster's rules or tunnels have nothing in common.
    roles.delete('');
    return [...roles.values()].flatMap((nodes) =>
      NAMES.flatMap((name) => {
        const told = nodes.flatMap(({ host }) => {
          const record = sysctl(host, name);
          return record ? [{ host, record, value: record.value.trim() }] : [];
        });
        if (told.length < COMPARED) return [];
        const odd = told.filter((one) => told.filter((other) => other.value === one.value).length === 1);
        const [only] = odd;
        const like = told.find((one) => one !== only);
        if (odd.length !== 1 || !only || !like || new Set(told.map((one) => one.value)).size !== 2) return [];
        return [
          {
            confidence: 'certain' as const,
            node: only.host.node,
            namespace: only.host.name,
            at: 'routing',
            values: {
              sysctl: name,
              value: only.value,
              usual: like.value,
              nodes: told.length - 1,
              other: like.host.node,
            },
            evidence: [...decisiveLine(only.record, [name]), ...decisiveLine(like.record, [name])],
          },
        ];
      }),
    );
  },
};
