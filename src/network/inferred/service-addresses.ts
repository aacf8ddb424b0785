import type { NetNamespace } from '../namespace.ts';
import type { KubeObjects } from '../network.ts';

/** NodePorts as Kubernetes hands them out by default: a service at such a port is at an address of the host itself. */
export const isNodePort = (port: number | undefined): boolean => port !== undefined && port >= 30_000 && port <= 32_767;

/** Whether the address is a service's: whoever answers for it, packets from it say nothing of whose it is. */
export const isServiceAddress = (ns: NetNamespace, { services }: KubeObjects, address: string): boolean =>
  ns.services.some((service) => service.address === address && !isNodePort(service.port)) ||
  inProxyRules(ns).has(address) ||
  services.some(
    (s) => s.clusterIPs.includes(address) || s.externalIPs.includes(address) || s.loadBalancerIPs.includes(address),
  );

const cache = new WeakMap<NetNamespace, ReadonlySet<string>>();

/** Addresses that kube-proxy's rules serve, each named by itself. */
const inProxyRules = (ns: NetNamespace): ReadonlySet<string> => {
  const cached = cache.get(ns);
  if (cached) return cached;
  const found = new Set<string>();
  for (const table of ns.tables)
    for (const rule of table.chains.get('KUBE-SERVICES')?.rules ?? [])
      for (const match of rule.matches)
        if (match.name === 'destination')
          for (const { invert, values } of match.options)
            for (const value of values) if (!invert) found.add(value.replace(/\/(?:32|128)$/, ''));
  cache.set(ns, found);
  return found;
};
