import type { Network } from '../network/network.ts';
import { canonicalAddress, prefixContains } from '../tables/address.ts';

/**
 * Whether the bundle knows of somebody at the address: a device holds it, a service is served at it, a set or a rule names it, a Kubernetes
 * object has it. A probe to an address that nobody has is everyday noise; when nobody asked about it, it accuses nobody.
 */
export const isKnownAddress = (network: Network, address: string): boolean =>
  network.owners(address).length > 0 ||
  inKube(network, address) ||
  [...network.namespaces.values()].some(
    (ns) =>
      ns.services.some((service) => service.address === address) ||
      inSets(ns.sets, address) ||
      inRules(ns.tables, address) ||
      inNft(ns.nftTables, address),
  );

const inKube = ({ kube }: Network, address: string): boolean =>
  kube.services.some((s) => [...s.clusterIPs, ...s.externalIPs, ...s.loadBalancerIPs].includes(address)) ||
  kube.endpoints.some((e) => e.address === address) ||
  kube.pods.some((p) => p.ips.includes(address)) ||
  kube.nodes.some((n) => n.addresses.some((a) => a.address === address));

type Namespace = Network['namespaces'] extends ReadonlyMap<string, infer N> ? N : never;

const inSets = (sets: Namespace['sets'], address: string): boolean => {
  for (const set of sets.values()) if (set.members.some((member) => member.parts[0] === address)) return true;
  return false;
};

/** Named by itself, not as one of a wide prefix. */
const NARROW = /\/(?:32|128)$/;

const inRules = (tables: Namespace['tables'], address: string): boolean => {
  for (const table of tables)
    for (const chain of table.chains.values())
      for (const rule of chain.rules)
        for (const match of rule.matches)
          if (
            match.name === 'destination' &&
            match.options.some((o) => o.values.some((v) => NARROW.test(v) && prefixContains(v, address)))
          )
            return true;
  return false;
};

/** nftables' own sets and maps (kube-proxy's `service-ips`, `no-endpoint-services`: the address is the first part of a key) and its rules. */
const inNft = (tables: Namespace['nftTables'], address: string): boolean => {
  for (const table of tables) {
    for (const set of table.sets.values())
      if (set.elements.some((element) => canonicalAddress(FIRST_WORD.exec(element)?.[0] ?? '') === address))
        return true;
    for (const chain of table.chains.values())
      for (const rule of chain.rules)
        for (const s of rule.statements)
          if (s.kind === 'match' && DESTINATION.test(s.left) && s.right.split(/[\s,{}]+/).includes(address))
            return true;
  }
  return false;
};

const FIRST_WORD = /^[^\s,]+/;
const DESTINATION = /^ip6? daddr\b/;
