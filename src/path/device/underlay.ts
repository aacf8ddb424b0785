import { deviceSysctl, type NetNamespace } from '../../network/namespace.ts';
import type { AddressOwner } from '../../network/network.ts';
import { type Link, UNNAMED_DEVICE } from '../../records/link.ts';
import { isInferred } from '../../records/origin.ts';
import type { Route } from '../../records/route.ts';
import { prefixContains } from '../../tables/address.ts';
import { assume, type Branch, finish, type World } from '../branch.ts';
import type { Packet } from '../packet.ts';
import { isLocalAddress } from '../routing/local.ts';
import { dumpedEntries, sightings, watches } from '../sightings.ts';
import { enter } from './enter.ts';

/** Devices that hold virtual addresses: nobody on the wire answers for them. */
const VIRTUAL_KINDS: ReadonlySet<string> = new Set(['dummy']);

export const realOwners = (world: World, address: string, not: NetNamespace): readonly AddressOwner[] =>
  world.network
    .owners(address)
    .filter(
      (owner) =>
        owner.namespace !== not && !VIRTUAL_KINDS.has(owner.link.kind ?? '') && !owner.link.flags.includes('LOOPBACK'),
    );

/**
 * The network between the nodes, of which the bundle holds nothing: the frame goes to whoever owns the next hop; behind a gateway that
 * nobody in the bundle owns, the packet goes to whoever owns its destination, if that network carries it.
 */
export const throughUnderlay = (world: World, b: Branch, nextHop: string): readonly Branch[] => {
  const owners = realOwners(world, nextHop, b.namespace);
  const direct = owners.filter((owner) => isOnTheWire(world, b, owner));
  if (direct.length > 0)
    return direct.slice(0, 4).flatMap((owner) => arrive(world, b, owner.namespace, deviceOnWire(b, owner), false));
  const onLink = nextHop === b.packet.dst && !hidesGateway(b.route?.route);
  const [behind] = owners;
  // A pod that no capture shows may as well live elsewhere: that nobody answers for it here is not known.
  if (onLink && behind && !behind.namespace.imagined) return toPodOf(world, b, behind, nextHop);
  if (onLink && behind) return [outside(b, nextHop)];
  if (onLink && isOnLink(b, nextHop)) return [outside(b, nextHop)];
  const far = realOwners(world, b.packet.dst, b.namespace);
  if (far.length > 0) {
    const owner = far[0] as AddressOwner;
    const host = world.network.namespaces.get(owner.namespace.node) ?? owner.namespace;
    if (host === b.namespace) return [outside(b, nextHop)];
    const device = owner.namespace.name === '' ? owner.link.name : uplinkOf(host, b.packet);
    return arrive(world, b, host, device, true);
  }
  const peer = tunnelPeer(world, b);
  if (peer) return arrive(world, peer.branch, peer.namespace, uplinkOf(peer.namespace, b.packet), true);
  const router = routerTo(world, b);
  if (router) return arrive(world, b, router.namespace, router.device, true);
  return [outside(b, nextHop)];
};

/** Packets were seen to go out by the device; whether a gateway's MAC was on them was not. */
const hidesGateway = (route: Route | undefined): boolean =>
  route !== undefined &&
  isInferred(route) &&
  route.scope !== 'link' &&
  route.nextHops.every((hop) => hop.via === undefined);

/**
 * The device by which the owner of the next hop hears the frame. A host answers for its addresses on every wire that it has (arp_ignore 0): it is the one on the
 * sender's own wire, which need not be the one that bears the address.
 */
const deviceOnWire = (b: Branch, { namespace, link }: AddressOwner): string => {
  const from = b.oif === undefined ? undefined : b.namespace.links.get(b.oif);
  const isNear = (other: Link): boolean =>
    from?.addresses.some((own) =>
      other.addresses.some(
        (a) =>
          a.family === own.family &&
          a.prefixLength === own.prefixLength &&
          a.prefixLength < (a.family === 4 ? 32 : 128) &&
          !prefixContains('fe80::/10', a.address) &&
          prefixContains(`${own.address}/${own.prefixLength}`, a.address),
      ),
    ) ?? false;
  if (isNear(link)) return link.name;
  const near = [...namespace.links.values()].filter((other) => !VIRTUAL_KINDS.has(other.kind ?? '') && isNear(other));
  return near.length === 1 && near[0] ? near[0].name : link.name;
};

/** A pod behind another node's veth hears nothing of the network between the nodes. */
const isOnTheWire = (world: World, b: Branch, owner: AddressOwner): boolean =>
  owner.namespace.name === '' ||
  owner.namespace.node === b.namespace.node ||
  (!isInferred(owner.link) && world.network.vethPeer(owner.namespace, owner.link.name) === undefined);

/**
 * A pod's address asked for on the wire itself, without a gateway: where the provider knows it as its node's (an address of the wire's own network), where the node
 * answers in its place (proxy_arp) or was seen to get the packet, the node takes it in. Elsewhere nobody answers.
 */
const toPodOf = (world: World, b: Branch, owner: AddressOwner, address: string): readonly Branch[] => {
  const host = world.network.namespaces.get(owner.namespace.node) ?? owner.namespace;
  const device = uplinkOf(host, b.packet);
  const resolved = b.namespace.neighbours.some(
    (n) => n.address === address && n.dev === b.oif && n.mac !== undefined && !n.states.includes('FAILED'),
  );
  const answers = deviceSysctl(host, b.packet.family, device, 'proxy_arp')?.value.trim() === '1';
  const came = sightings(host, b.packet).some((view) => view.direction === 'in');
  if (isOnLink(b, address) || resolved || answers || came) return arrive(world, b, host, device, true);
  return [
    finish(b, {
      place: 'neighbour',
      stage: 'neighbour',
      device: b.oif,
      action: { code: 'neighbour-failed', values: { address, device: b.oif ?? '' } },
      verdict: 'reject',
    }),
  ];
};

const isOnLink = (b: Branch, address: string): boolean => {
  const link = b.oif === undefined ? undefined : b.namespace.links.get(b.oif);
  return (
    link?.addresses.some(
      (a) => a.prefixLength < (a.family === 4 ? 32 : 128) && prefixContains(`${a.address}/${a.prefixLength}`, address),
    ) ?? false
  );
};

/**
 * The far end of an ESP tunnel behind a NAT that the bundle does not hold: of all SAs that take in this SPI there is one, and it knows the
 * packet by other outer addresses.
 */
export const tunnelPeer = (world: World, b: Branch): { namespace: NetNamespace; branch: Branch } | undefined => {
  const { spi } = b.packet;
  if (spi === undefined || b.packet.inner === undefined) return undefined;
  const ends = [...world.network.namespaces.values()].flatMap((namespace) =>
    namespace === b.namespace
      ? []
      : namespace.states
          .filter((state) => state.spi === spi && isLocalAddress(namespace, state.dst))
          .map((state) => ({ namespace, state })),
  );
  const [end] = ends;
  if (!end || ends.length > 1) return undefined;
  const { namespace, state } = end;
  const translated = assume(
    { ...b, packet: { ...b.packet, src: state.src, dst: state.dst } },
    { code: 'nat-between', values: { from: b.packet.dst, to: state.dst }, missing: undefined, source: state.source },
  );
  return { namespace, branch: translated };
};

/** The packet has passed the namespace by this very name: what was seen of it there was then. */
export const wasAt = ({ steps, packet }: Branch, { node, name }: NetNamespace): boolean =>
  steps.some(
    ({ before, ...at }) =>
      at.node === node &&
      at.namespace === name &&
      before.src === packet.src &&
      before.dst === packet.dst &&
      before.sport === packet.sport &&
      before.dport === packet.dport,
  );

/** A node that was seen to receive the packet, or that has the destination on a virtual device (a load balancer's address). */
export const routerTo = (world: World, b: Branch): { namespace: NetNamespace; device: string } | undefined => {
  for (const node of world.network.nodes) {
    if (node.host === b.namespace || wasAt(b, node.host)) continue;
    const seen = sightings(node.host, b.packet).find((view) => view.direction === 'in' && view.device !== undefined);
    if (seen?.device) return { namespace: node.host, device: seen.device };
  }
  return undefined;
};

/** The device by which a host takes in packets for addresses behind it: where it was seen, else the default route's, else the first with an address. */
export const uplinkOf = (host: NetNamespace, p: Packet): string => {
  const seen = sightings(host, p).find((view) => view.direction === 'in' && view.device !== undefined);
  if (seen?.device) return seen.device;
  const byDefault = host.routes.find(
    (route) => route.family === p.family && /\/0$/.test(route.prefix) && route.table === 'main',
  )?.nextHops[0]?.dev;
  if (byDefault) return byDefault;
  const first = [...host.links.values()].find(
    (link) =>
      !link.flags.includes('LOOPBACK') &&
      link.addresses.some((a) => a.family === p.family && a.scope === 'global') &&
      !VIRTUAL_KINDS.has(link.kind ?? ''),
  );
  return first?.name ?? UNNAMED_DEVICE;
};

/** A way between two nodes by the values of the step that lost a packet on it. */
export const lostWay = (values: Readonly<Record<string, unknown>>): string =>
  `${values.from} ${values.to} ${values.out} ${values.nextHop}`;

/** Sent and captured here, captured there and not seen: it died between the two. */
export const arrive = (
  world: World,
  b: Branch,
  to: NetNamespace,
  device: string,
  routed: boolean,
): readonly Branch[] => {
  const from = b.namespace;
  const left = sightings(from, b.packet).filter(
    (view) => view.direction === 'out' || (view.direction === undefined && view.device === b.oif),
  );
  const watched = watches(to, device);
  const came = watched ? sightings(to, b.packet).filter((view) => view.direction !== 'out') : [];
  const last = left.at(-1);
  const values = { from: from.id, to: to.id, sent: left.length, device, out: b.oif ?? '', nextHop: b.nextHop ?? '' };
  const tells = world.lostWays === undefined || world.lostWays.has(lostWay(values));
  if (last && watched && came.length === 0 && tells && !isTrackedAt(to, b.packet)) {
    return [
      finish(
        b,
        {
          place: 'between',
          stage: 'network',
          device: b.oif,
          action: { code: 'lost', values },
          verdict: 'lost',
          proofs: left.slice(0, 3).map((view) => ({ source: view.source, role: 'decisive' as const })),
        },
        [from.node, to.node],
      ),
    ];
  }
  const carried =
    routed && came.length === 0
      ? assume(b, {
          code: 'network-between',
          values: { from: from.node, to: to.node },
          missing: { kind: 'tcpdump', namespace: to.id },
          source: undefined,
        })
      : b;
  // Behind a router nobody in the bundle knows whose frame it is.
  return enter(world, routed ? { ...carried, srcMac: undefined } : carried, to, device);
};

/** The receiver's connection table has the very flow: the packet did arrive, and the capture was not there to see it. */
const isTrackedAt = (to: NetNamespace, p: Packet): boolean => {
  const { proto, src, dst, sport, dport, icmp } = innermostOf(p);
  const port = icmp ? icmp.id : sport;
  return port !== undefined && dumpedEntries(to, proto, { src, dst, sport: port, dport }).length > 0;
};

const innermostOf = (p: Packet): Packet => (p.inner ? innermostOf(p.inner) : p);

/** Nobody in the bundle owns it. */
const outside = (b: Branch, nextHop: string): Branch =>
  finish(b, {
    place: 'between',
    stage: 'network',
    device: b.oif,
    action: { code: 'outside', values: { nextHop, dst: b.packet.dst } },
    verdict: 'unknown',
  });
