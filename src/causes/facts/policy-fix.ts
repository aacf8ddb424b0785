import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { Found } from './finding.ts';
import { patchService } from './kube-command.ts';
import { type ElsewhereService, type Front, type KubeFront, localMembers, virtualService } from './service.ts';

/**
 * `externalTrafficPolicy: Cluster` as kube-proxy would carry it out on this node: the front leaves the Local sets, so that its traffic is
 * masqueraded, and the IPVS service gets every endpoint.
 */
export const clusterPolicy = (
  ns: NetNamespace,
  front: Front,
  kube: KubeFront | undefined,
  elsewhere: readonly ElsewhereService[],
): Found['fixes'][number] => {
  const service = virtualService(ns, front);
  const known = new Set(service?.servers.map((s) => `${s.address}:${s.port}`));
  const servers = elsewhere
    .flatMap((e) => e.service.servers)
    .filter((s) => {
      const key = `${s.address}:${s.port}`;
      if (known.has(key)) return false;
      known.add(key);
      return true;
    });
  const changes: readonly Change[] = [
    ...localMembers(ns, front).map(
      ({ set, parts }): Change => ({ namespace: ns.id, op: 'delete', what: 'set-member', set, parts }),
    ),
    ...(service
      ? servers.map(
          ({ source: _, ...record }): Change => ({
            namespace: ns.id,
            op: 'add',
            what: 'real-server',
            service: service.source,
            record,
          }),
        )
      : []),
  ];
  return {
    id: 'policy-cluster',
    commands: kube ? [patchService(ns.node, kube, { externalTrafficPolicy: 'Cluster' })] : [],
    changes,
    values: { virtual: front.address, port: front.port },
  };
};
