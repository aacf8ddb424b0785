import type { NetNamespace } from '../../network/namespace.ts';
import { listenerFor } from '../../path/socket.ts';
import type { Step } from '../../path/step.ts';
import type { Socket } from '../../records/socket.ts';
import { namespaceId } from './ending.ts';
import type { CauseContext } from './finding.ts';
import { translationsOf } from './translation.ts';

/** The place where the request ends at a socket, or at the lack of one. */
export interface Backend {
  readonly namespace: NetNamespace;
  readonly step: Step;
  /** The socket that takes the packet, where the bundle shows it. */
  readonly listener: Socket | undefined;
  /** The request came here by a service's translation. */
  readonly translated: boolean;
}

/** Where the request was sent to in the end: undefined where it dies on the way. */
export const backendOf = (context: CauseContext): Backend | undefined => {
  const step = context.branch.forward.steps.at(-1);
  const namespace = step && context.network.namespaces.get(namespaceId(step));
  if (!step || !namespace || step.place !== 'socket') return undefined;
  const translated = translationsOf(context).some((t) => t.server === step.before.dst);
  return { namespace, step, listener: listenerFor(namespace, step.before), translated };
};

/** Requests of the flow that were seen to reach the backend's namespace, and its answers there; where nobody captured in it, at the host's end of its veth. */
export const trafficAt = (context: CauseContext, { namespace, step }: Backend) => {
  const doors = namespace.packets.length > 0 ? [] : doorsOf(context, namespace);
  const here = context.evidence.packets.filter(
    (p) =>
      p.layer !== undefined &&
      (p.namespace === namespace.id ||
        doors.some((door) => p.namespace === door.namespace.id && p.view.device === door.link.name)),
  );
  const asks = here.filter((p) => p.layer?.dst === step.before.dst && p.layer.dport === step.before.dport);
  const answers = here.filter((p) => p.layer?.src === step.before.dst && p.layer.sport === step.before.dport);
  return {
    syns: asks.filter((p) => p.layer?.tcpFlags === 'S'),
    asks,
    answers,
    resets: answers.filter((p) => p.layer?.tcpFlags?.includes('R')),
  };
};

/** The far ends of a namespace's veths. */
const doorsOf = ({ network }: CauseContext, namespace: NetNamespace) =>
  [...namespace.links.keys()].flatMap((device) => network.vethPeer(namespace, device) ?? []);
