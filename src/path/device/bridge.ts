import { knows, sysctl } from '../../network/namespace.ts';
import type { Link } from '../../records/link.ts';
import { type Branch, decisive, finish, step, type World } from '../branch.ts';
import { sightings } from '../sightings.ts';

/** A dump of all sysctls has far more lines than this; a shorter one is a selection, whose silence says nothing. */
const WHOLE_DUMP = 150;

/**
 * net.bridge.bridge-nf-call-iptables (ip6tables): bridged packets pass the IP hooks. Without br_netfilter the sysctl does not exist. Undefined where the bundle
 * does not tell.
 */
export const bridgeCallsIptables = (b: Branch): boolean | undefined => {
  const name = b.packet.family === 4 ? 'net.bridge.bridge-nf-call-iptables' : 'net.bridge.bridge-nf-call-ip6tables';
  const record = sysctl(b.namespace, name);
  if (record) return record.value.trim() === '1';
  return knows(b.namespace, 'sysctl') && b.namespace.sysctls.size >= WHOLE_DUMP ? false : undefined;
};

/** The bridge's port behind which the frame's station is: by the fdb, else by whose veth peer owns the next hop. */
export const portFor = (world: World, b: Branch, bridge: string, nextHop: string): Link | undefined => {
  const ns = b.namespace;
  const ports = world.network.portsOf(ns, bridge);
  if (b.dstMac !== undefined) {
    const learned = ns.fdb.find(
      (entry) =>
        entry.mac === b.dstMac && ports.some((port) => port.name === entry.dev) && !entry.flags.includes('permanent'),
    );
    if (learned) return ns.links.get(learned.dev);
  }
  const owner = ports.find((port) => {
    const peer = world.network.vethPeer(ns, port.name);
    if (!peer) return false;
    return (
      (b.dstMac !== undefined && peer.link.mac === b.dstMac) || peer.link.addresses.some((a) => a.address === nextHop)
    );
  });
  if (owner) return owner;
  const others = ports.filter((port) => world.network.vethPeer(ns, port.name) === undefined);
  return others.length === 1 ? others[0] : undefined;
};

/**
 * Whether a frame that came in on a port is for the bridge's own host: its MAC, or the address that it was sent to. Where the bridge's addresses were not listed, what
 * the bridge itself was seen to take in is the host's (br_pass_frame_up), and so is what no station behind another port has: the sender's gateway is not known.
 */
export const forHost = (world: World, b: Branch, bridge: Link): boolean => {
  if (b.dstMac !== undefined && bridge.mac !== undefined) return b.dstMac === bridge.mac;
  if (b.nextHop === undefined) return true;
  if (bridge.addresses.some((a) => a.address === b.nextHop)) return true;
  if (knows(b.namespace, 'ip-addr')) return false;
  return isSeenPassedUp(b, bridge.name) || !isStation(world, b, bridge.name, b.nextHop);
};

const isSeenPassedUp = ({ namespace, packet }: Branch, bridge: string): boolean =>
  sightings(namespace, packet).some((view) => view.direction === 'in' && view.device === bridge);

/** Somebody behind a port of the bridge is known to have the address. */
const isStation = (world: World, b: Branch, bridge: string, address: string): boolean =>
  world.network
    .portsOf(b.namespace, bridge)
    .some((port) =>
      world.network.vethPeer(b.namespace, port.name)?.link.addresses.some((own) => own.address === address),
    );

/** should_deliver: a bridged frame does not leave by the port that it came by, but in hairpin mode. What IP sends out of the bridge may. */
export const isHairpin = (b: Branch, port: Link): boolean => b.physIn === port.name && port.hairpin !== true;

export const hairpinOff = (b: Branch, bridge: string, port: Link): Branch =>
  finish(b, {
    place: 'bridge',
    stage: 'bridge',
    device: port.name,
    action: { code: 'hairpin-off', values: { bridge, port: port.name, known: port.hairpin !== undefined } },
    verdict: 'drop',
    proofs: decisive(port),
  });

/** br_forward: out of a port. */
export const throughPort = (b: Branch, bridge: string, port: Link): Branch =>
  step(
    { ...b, physOut: port.name },
    {
      place: 'bridge',
      stage: 'bridge',
      device: port.name,
      action: { code: 'bridge-forward', values: { bridge, port: port.name } },
      proofs: decisive(port),
    },
  );
