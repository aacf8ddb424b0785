import type { SeenPacket } from '../../evidence/observation.ts';
import { namespaceId, stepsOf } from './ending.ts';
import type { CauseContext } from './finding.ts';

/**
 * What packets say against the walk. The walk follows the dumped state; where that is incomplete or has changed, the packets went another way, and what the walk finds
 * at its end is not what ended them.
 */
export const wentOtherwise = (context: CauseContext): boolean =>
  leftByAnotherTunnel(context) || answerNeverCame(context);

/** Packets of the flow were seen to go into a tunnel device that the walk does not take, and at none that it does. */
const leftByAnotherTunnel = (context: CauseContext): boolean => {
  const devices = new Map<string, Set<string>>();
  for (const step of stepsOf(context)) {
    if (step.device === undefined) continue;
    const id = namespaceId(step);
    devices.set(id, (devices.get(id) ?? new Set()).add(step.device));
  }
  const into = context.evidence.packets.filter((p) => isIntoTunnel(context, p));
  return (
    into.length > 0 &&
    into.every((p) => devices.has(p.namespace) && !devices.get(p.namespace)?.has(p.view.device ?? ''))
  );
};

const TUNNELS: ReadonlySet<string> = new Set(['vxlan', 'geneve', 'ipip', 'gre', 'sit', 'ip6tnl', 'wireguard']);

const isIntoTunnel = ({ network }: CauseContext, { view, namespace, wrapping, leg }: SeenPacket): boolean => {
  if (view.direction !== 'out' || view.device === undefined || wrapping !== 'plain' || leg === 'error') return false;
  const link = network.namespaces.get(namespace)?.links.get(view.device);
  return link !== undefined && (link.vxlan !== undefined || TUNNELS.has(link.kind ?? ''));
};

/** Requests that a capture saw one after the other make it certain that it went on while an answer would have come. */
const ASKED_AGAIN = 2;

/**
 * The walk ends on the way back, behind a namespace whose capture on all devices saw the request again and again, and never anything of an answer: there was
 * none, or it died before. A tunnel's packets are left out, whose inside a capture may not show.
 */
const answerNeverCame = (context: CauseContext): boolean => {
  const { reply } = context.branch;
  if (!reply || reply.end.outcome === 'delivered') return false;
  const { packets } = context.evidence;
  return reply.steps.some((step, i) => {
    const before = reply.steps[i - 1];
    if (!before || namespaceId(before) === namespaceId(step) || step.before.inner || step.before.spi !== undefined)
      return false;
    const ns = context.network.namespaces.get(namespaceId(step));
    if (!ns?.packets.some((table) => table.device === undefined || table.device === 'any')) return false;
    const here = packets.filter((p) => p.namespace === ns.id);
    const requests = here.filter((p) => p.leg === 'forward' && p.view.direction !== 'out');
    return timesOf(requests) >= ASKED_AGAIN && !here.some((p) => p.leg === 'reply');
  });
};

const timesOf = (packets: readonly SeenPacket[]): number => {
  const byPlace = new Map<string, number>();
  for (const { view } of packets) {
    const place = `${view.device ?? ''} ${view.direction ?? ''}`;
    byPlace.set(place, (byPlace.get(place) ?? 0) + 1);
  }
  return Math.max(0, ...byPlace.values());
};
