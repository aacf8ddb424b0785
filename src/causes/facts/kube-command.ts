import type { Network } from '../../network/network.ts';
import { commandOn, type FixCommand } from './fix-command.ts';
import type { KubeFront } from './service.ts';
import { shell } from './shell.ts';

/** Changing a Service where it is kept: in the API. The proxies of every node follow. */
export const patchService = (
  node: string,
  { service }: KubeFront,
  spec: Readonly<Record<string, unknown>>,
): FixCommand =>
  commandOn(node, shell`kubectl -n ${service.namespace} patch service ${service.name} -p ${JSON.stringify({ spec })}`);

/** Opening the Service that has an address, in the API; nothing where the bundle does not name it. */
export const editService = (network: Network, node: string, address: string): readonly FixCommand[] => {
  const service = network.kube.services.find((s) =>
    [...s.clusterIPs, ...s.externalIPs, ...s.loadBalancerIPs].includes(address),
  );
  return service ? [commandOn(node, shell`kubectl -n ${service.namespace} edit service ${service.name}`)] : [];
};

/** The endpoints of a Service with their nodes. */
export const listEndpoints = (node: string, { service }: KubeFront): FixCommand =>
  commandOn(
    node,
    shell`kubectl -n ${service.namespace} get endpointslices -l kubernetes.io/service-name=${service.name} -o wide`,
  );

/** Letting a node's proxy write its tables anew: its pod is made again. */
export const restartProxy = (node: string): FixCommand =>
  commandOn(
    node,
    shell`kubectl -n kube-system delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=${node}`,
  );
