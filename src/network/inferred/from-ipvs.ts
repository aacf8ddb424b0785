import type { NetNamespace } from '../namespace.ts';
import type { ClueReader } from './clue.ts';
import { isNodePort } from './service-addresses.ts';

/**
 * IPVS takes packets at LOCAL_IN: the addresses of its services are the host's own. kube-proxy and kube-router bind them to a dummy device; a service at a NodePort is
 * at one of the real addresses. A real server that is this host is one too.
 */
export const fromIpvs: ClueReader = function* (ns) {
  const device = dummyOf(ns);
  for (const { address, port, servers, source } of ns.services) {
    if (address !== undefined && isNodePort(port)) yield { fact: 'address', address, weight: 'strong', source };
    else if (address !== undefined) yield { fact: 'address', address, device, virtual: true, weight: 'strong', source };
    for (const server of servers)
      if (server.method === 'local')
        yield { fact: 'address', address: server.address, weight: 'weak', source: server.source };
  }
};

/** The device to which the proxy whose chains the rules have binds its services. */
const dummyOf = (ns: NetNamespace): string | undefined => {
  const names = new Set(ns.tables.flatMap((table) => [...table.chains.keys()]));
  if (names.has('KUBE-ROUTER-SERVICES') || names.has('KUBE-ROUTER-HAIRPIN')) return 'kube-dummy-if';
  return names.has('KUBE-SERVICES') ? 'kube-ipvs0' : undefined;
};
