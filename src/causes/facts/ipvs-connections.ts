import type { NetNamespace } from '../../network/namespace.ts';
import { findService } from '../../path/ipvs-service.ts';
import type { Step } from '../../path/step.ts';
import type { IpvsConnection, RealServer, VirtualService } from '../../records/ipvs.ts';
import { namespaceId } from './ending.ts';
import type { CauseContext } from './finding.ts';

/** Where the flow meets an IPVS service, whether or not the walk lets it be translated there. */
export interface IpvsEntry {
  readonly namespace: NetNamespace;
  readonly service: VirtualService;
  readonly step: Step;
}

export const ipvsEntry = (context: CauseContext): IpvsEntry | undefined => {
  for (const step of context.branch.forward.steps) {
    const namespace = context.network.namespaces.get(namespaceId(step));
    const service = namespace && findService(namespace.services, step.before);
    if (namespace && service) return { namespace, service, step };
  }
  return undefined;
};

const sameFront = (c: IpvsConnection, step: Step): boolean =>
  c.proto.toLowerCase() === step.before.proto &&
  c.client === step.before.src &&
  c.virtual === step.before.dst &&
  (c.virtualPort === step.before.dport || c.virtualPort === 0);

/** Connections of this client to this service, of its own port only where that is known. */
export const connectionsOf = ({ namespace, step }: IpvsEntry): readonly IpvsConnection[] =>
  namespace.ipvsConnections.filter(
    (c) =>
      sameFront(c, step) &&
      c.clientPort !== 0 &&
      (step.before.sport === undefined || c.clientPort === step.before.sport),
  );

/** Persistence templates: entries of port 0 that pin a client to a server. */
export const templatesOf = ({ namespace, step }: IpvsEntry): readonly IpvsConnection[] =>
  namespace.ipvsConnections.filter((c) => sameFront(c, step) && c.clientPort === 0);

/** The server of a connection as the service has it now; undefined where it has been removed. */
export const serverOf = (service: VirtualService, c: IpvsConnection): RealServer | undefined =>
  service.servers.find(
    (s) => s.address === c.server && (s.port === c.serverPort || s.port === 0 || c.serverPort === 0),
  );
