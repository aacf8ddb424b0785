import type { NetNamespace } from '../../network/namespace.ts';
import { knows } from '../../network/namespace.ts';
import { UNNAMED_DEVICE } from '../../records/link.ts';
import type { PacketView } from '../../records/packet.ts';
import type { Branch, World } from '../branch.ts';
import { translatorOf } from '../conntrack.ts';
import { notFollowed } from '../not-followed.ts';
import type { Packet } from '../packet.ts';
import { sightings } from '../sightings.ts';
import { enter } from './enter.ts';
import { arrive, realOwners, routerTo, tunnelPeer, uplinkOf, wasAt } from './underlay.ts';

/**
 * A packet that leaves by a device, or to a next hop, that no capture tells: a pod's comes to its host, for a pod of this host it goes there, for anybody else to whoever has
 * its destination. Where nobody in the bundle has it, the packet is not followed.
 */
export const throughUnseen = (world: World, sent: Branch, nextHop: string): readonly Branch[] => {
  // Whose frame it is hangs on a next hop that nobody knows: whoever gets it takes it for its own.
  const b = { ...sent, nextHop: undefined, dstMac: undefined };
  const from = b.namespace;
  const { namespaces } = world.network;
  const host = namespaces.get(from.node);
  if (from.name !== '' && host && host !== from)
    return enter(world, b, host, deviceSeen(host, b.packet) ?? UNNAMED_DEVICE);
  const [owner] = realOwners(world, nextHop, from).toSorted(
    (one, other) => Number(other.namespace.node === from.node) - Number(one.namespace.node === from.node),
  );
  if (owner?.namespace.node === from.node) return arrive(world, b, owner.namespace, owner.link.name, false);
  const next = seenNext(world, b);
  if (next) return arrive(world, b, next.namespace, next.device, true);
  if (owner) {
    const to = namespaces.get(owner.namespace.node) ?? owner.namespace;
    return arrive(world, b, to, to === owner.namespace ? owner.link.name : deviceFor(to, b.packet), true);
  }
  const translator = namespaces.get(translatorOf(b, nextHop) ?? '');
  if (translator && translator !== from) return arrive(world, b, translator, deviceFor(translator, b.packet), true);
  const peer = tunnelPeer(world, b);
  if (peer) return arrive(world, peer.branch, peer.namespace, deviceFor(peer.namespace, b.packet), true);
  const router = routerTo(world, b);
  if (router) return arrive(world, b, router.namespace, router.device, true);
  return [notFollowed(b, 'routes', { place: 'between', stage: 'network' })];
};

/**
 * The host that was seen to receive the very packet, in no tunnel: of several the first one. Not one where it has been already, nor one that saw it before this host sent it,
 * as far as their clocks agree.
 */
const seenNext = (world: World, b: Branch): { namespace: NetNamespace; device: string } | undefined => {
  const left = sightings(b.namespace, b.packet).find((view) => view.direction === 'out')?.time;
  const hosts = world.network.nodes.flatMap(({ host }) => {
    const view = host === b.namespace || wasAt(b, host) ? undefined : seenComing(host, b.packet);
    const isLater = left === undefined || view?.time === undefined || view.time >= left;
    return view?.device !== undefined && isLater
      ? [{ namespace: host, device: view.device, time: view.time ?? 0 }]
      : [];
  });
  return hosts.toSorted((one, other) => one.time - other.time)[0];
};

/** The device on which the packet itself was seen to come in, in no tunnel. */
const deviceSeen = (ns: NetNamespace, p: Packet): string | undefined => seenComing(ns, p)?.device;

const seenComing = (ns: NetNamespace, p: Packet): PacketView | undefined =>
  sightings(ns, p).find(
    (view) => view.direction === 'in' && view.device !== undefined && view.src === p.src && view.dst === p.dst,
  );

const deviceFor = (ns: NetNamespace, p: Packet): string =>
  deviceSeen(ns, p) ?? (knows(ns, 'ip-route') ? uplinkOf(ns, p) : UNNAMED_DEVICE);
