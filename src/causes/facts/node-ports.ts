import type { NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import type { Source } from '../../records/source.ts';
import { chainsLike, optionsOf } from './rules.ts';
import { proxySet } from './sets.ts';

/** The line that says that a port is a node port on this node: an IPVS service on a node's address, kube-proxy's set, rule or map, the Service. */
export const nodePortProof = (
  network: Network,
  ns: NetNamespace,
  proto: string,
  port: number,
  family: 4 | 6,
): Source | undefined => {
  const set = ns.sets.get(proxySet(family, `KUBE-NODE-PORT-${proto.toUpperCase()}`));
  const member = set?.members.find((m) => m.parts[0] === String(port));
  if (member) return member.source;
  for (const chain of chainsLike(ns, 'nat', family, /^KUBE-NODEPORTS$/)) {
    const rule = chain.rules.find((r) => optionsOf(r, '--dport').some((values) => values[0] === String(port)));
    if (rule) return rule.source;
  }
  for (const table of ns.nftTables) {
    const map = table.sets.get('service-nodeports');
    if (map?.elements.some((element) => element.startsWith(`${proto} . ${port} `))) return map.source;
  }
  return network.kube.services.find((s) =>
    s.ports.some((p) => p.nodePort === port && p.protocol.toLowerCase() === proto),
  )?.source;
};

/** IPVS services of this port on the node's other addresses. */
export const siblings = (ns: NetNamespace, proto: string, port: number, address: string) =>
  ns.services.filter((s) => s.proto === proto && s.port === port && s.address !== address && s.address !== undefined);
