import type { ClueReader } from './clue.ts';

/** Sets in which a network plugin keeps the addresses of the host that it runs on (kube-router, Calico). */
const OWN = new Set(['kube-router-local-ips', 'inet6:kube-router-local-ips', 'cali40this-host', 'cali60this-host']);

export const fromSets: ClueReader = function* (ns) {
  for (const set of ns.sets.values()) {
    if (!OWN.has(set.name)) continue;
    for (const { parts, source } of set.members) {
      const [address = ''] = parts;
      if (!address.includes('/')) yield { fact: 'address', address, virtual: true, weight: 'strong', source };
    }
  }
};
