import type { NetNamespace } from '../network/namespace.ts';
import { UNNAMED_DEVICE } from '../records/link.ts';
import type { Branch, World } from './branch.ts';
import { translatorOf } from './conntrack.ts';
import { findService } from './ipvs-service.ts';
import type { Packet } from './packet.ts';
import { forwarding } from './routing/device-conf.ts';
import { knowsLocal } from './routing/local.ts';
import type { InputResult, RouteAnswer } from './routing/outcome.ts';
import { sightings } from './sightings.ts';
import { type Assumption, assumption } from './vocabulary/assumptions.ts';

/** Where a packet may go whose routes nobody captured: to this host, through it, or out of it. */
type Way = 'here' | 'onward' | 'out';

const wayAssumed = (ns: NetNamespace, way: Way, dst: string): Assumption =>
  assumption(
    'way-assumed',
    { way, dst },
    { missing: { kind: way === 'here' ? 'ip-addr' : 'ip-route', namespace: ns.id } },
  );

/**
 * Whether the destination may be the namespace's own: not where its addresses are known and this is none of them, nor where somebody else's device has it. A virtual
 * service of IPVS is served only where its address is local.
 */
const mayBeHere = ({ network, awaited }: World, b: Branch): boolean => {
  const { namespace: ns, packet } = b;
  if (servesHere(ns, packet)) return true;
  // The answer's destination is whoever asked.
  if (awaited?.packet.src === packet.dst) return awaited.namespace === ns.id;
  if (knowsLocal(ns, packet.family)) return false;
  const translator = translatorOf(b, packet.dst);
  if (translator !== undefined) return translator === ns.id;
  return !network
    .owners(packet.dst)
    .some((owner) => owner.namespace !== ns && owner.link.kind !== 'dummy' && !owner.link.flags.includes('LOOPBACK'));
};

const servesHere = (ns: NetNamespace, packet: Packet): boolean => {
  const service = findService(ns.services, packet);
  return service !== undefined && service.proto !== 'fwmark';
};

const towards = (
  answer: RouteAnswer,
  ns: NetNamespace,
  way: Way,
  dst: string,
  device = UNNAMED_DEVICE,
): RouteAnswer => ({
  ...answer,
  type: way === 'here' ? 'local' : 'unicast',
  dev: way === 'here' ? 'lo' : device,
  via: undefined,
  assumptions: [...answer.assumptions, wayAssumed(ns, way, dst)],
});

/** The way to the destination that this packet, or one of the flow's before it, has taken here already. */
const takenWay = (
  { before = [] }: World,
  ns: NetNamespace,
  packet: Packet,
  assumptions: readonly Assumption[],
): Way | undefined => {
  for (const a of [...assumptions, ...before])
    if (a.code === 'way-assumed' && a.missing?.namespace === ns.id && a.values.dst === packet.dst) return a.values.way;
  return undefined;
};

/** The device by which the very packet was seen to leave: a host's captures tell directions, a pod's only device is the one that was captured. */
const deviceLeft = (ns: NetNamespace, packet: Packet): string | undefined =>
  sightings(ns, packet).find(
    ({ direction, device, src, dst }) =>
      device !== undefined &&
      device !== 'lo' &&
      src === packet.src &&
      dst === packet.dst &&
      (direction === 'out' || (direction === undefined && ns.name !== '')),
  )?.device;

/** The pod's host was seen to receive the very packet: it left the pod. */
const cameToHost = ({ network }: World, ns: NetNamespace, packet: Packet): boolean => {
  const host = ns.name === '' ? undefined : network.namespaces.get(ns.node);
  return (
    host !== undefined &&
    sightings(host, packet).some(
      ({ direction, src, dst }) => direction === 'in' && src === packet.src && dst === packet.dst,
    )
  );
};

/** The ways of a packet that this namespace sends, each as the route that would lead there. */
export const waysOut = (world: World, b: Branch, answer: RouteAnswer): readonly RouteAnswer[] => {
  const { namespace: ns, packet, assumptions } = b;
  if (answer.type !== 'unknown') return [answer];
  if (servesHere(ns, packet)) return [towards(answer, ns, 'here', packet.dst)];
  const known = takenWay(world, ns, packet, assumptions);
  if (known) return [towards(answer, ns, known === 'here' ? 'here' : 'out', packet.dst)];
  const left = deviceLeft(ns, packet);
  if (left !== undefined || cameToHost(world, ns, packet)) return [towards(answer, ns, 'out', packet.dst, left)];
  return [
    towards(answer, ns, 'out', packet.dst),
    // A tunnel's far end is not its near one.
    ...(packet.inner === undefined && mayBeHere(world, b) ? [towards(answer, ns, 'here', packet.dst)] : []),
  ];
};

/** The ways of a packet that this namespace has received. */
export const waysIn = (world: World, b: Branch, result: InputResult): readonly InputResult[] => {
  const { namespace: ns, packet, assumptions, iif = '' } = b;
  const { answer } = result;
  if (result.decision !== 'unknown' || !answer) return [result];
  const left = ns.name === '' ? deviceLeft(ns, packet) : undefined;
  const way = (which: 'here' | 'onward'): InputResult => {
    const route = towards(answer, ns, which, packet.dst, left);
    return {
      ...result,
      answer: route,
      assumptions: route.assumptions,
      ...(which === 'here'
        ? { decision: 'local' as const, reason: 'local' as const }
        : { decision: 'forward' as const, reason: 'forward' as const }),
    };
  };
  if (servesHere(ns, packet)) return [way('here')];
  const forwards = forwarding(ns, packet.family, iif);
  const onward: InputResult =
    forwards.value === 0 && forwards.sources.length > 0
      ? {
          ...way('onward'),
          decision: 'drop',
          reason: 'no-forwarding',
          values: { device: iif === UNNAMED_DEVICE ? '' : iif, sysctl: 'ip_forward' },
          proofs: forwards.sources,
        }
      : way('onward');
  const known = takenWay(world, ns, packet, assumptions);
  if (known) return [known === 'here' ? way('here') : onward];
  if (left !== undefined || cameToHost(world, ns, packet)) return [onward];
  return mayBeHere(world, b) ? [way('here'), onward] : [onward];
};
