import { knows, type NetNamespace } from '../../network/namespace.ts';
import { type Link, UNNAMED_DEVICE } from '../../records/link.ts';
import { isInferred } from '../../records/origin.ts';
import { assume, type Branch, decisive, finish, step, type World } from '../branch.ts';
import { type NeighbourAnswer, resolveNeighbour } from '../routing/neighbour.ts';
import { portFor, throughPort } from './bridge.ts';
import { enter } from './enter.ts';
import { tooLongForPort } from './frame-size.ts';
import { TUNNEL_KINDS, tunnelTransmit } from './tunnel.ts';
import { throughUnderlay } from './underlay.ts';
import { throughUnseen } from './unseen.ts';
import { vxlanTransmit } from './vxlan.ts';

/** Where a transmitted packet turns up next: received elsewhere, or as a tunnel's outer packet in the output path of the same host. */
export interface Sent {
  readonly branch: Branch;
  readonly next: 'receive' | 'output' | 'ended';
}

const sent = (branches: readonly Branch[], next: 'receive' | 'output'): readonly Sent[] =>
  branches.map((branch) => ({ branch, next: branch.end ? 'ended' : next }));

/** ip_finish_output2 and dev_queue_xmit: the neighbour's MAC, then the device's own way of sending. */
export const transmit = (world: World, b: Branch): readonly Sent[] => {
  const ns = b.namespace;
  const device = b.oif ?? '';
  const link = ns.links.get(device);
  const nextHop = b.nextHop ?? b.route?.via ?? b.packet.dst;
  if (device === 'lo' || link?.flags.includes('LOOPBACK')) {
    // The loopback device keeps the packet's conntrack entry; the receiving side takes no second look.
    return [
      {
        branch: {
          ...b,
          iif: device,
          oif: undefined,
          route: undefined,
          // A template is used up once conntrack has looked (nf_conntrack_in).
          zone: 0,
          namespaces: b.namespaces + 1,
          nextHop: undefined,
        },
        next: 'receive',
      },
    ];
  }
  if (device === UNNAMED_DEVICE) return sent(throughUnseen(world, { ...b, nextHop }, nextHop), 'receive');
  if (!link) {
    const unknown = knows(ns, 'ip-link')
      ? b
      : assume(b, {
          code: 'links-unknown',
          values: { device },
          missing: { kind: 'ip-link', namespace: ns.id },
          source: undefined,
        });
    return sent(throughUnderlay(world, { ...unknown, nextHop }, nextHop), 'receive');
  }
  // Without carrier the device's queue is the noop one, and everything that is sent is dropped (dev_deactivate): in silence where the next hop's
  // MAC is known, else as of a neighbour that does not answer (ipv4_link_failure).
  if (link.flags.length > 0 && (!link.flags.includes('UP') || link.flags.includes('NO-CARRIER'))) {
    return sent(
      [
        finish(b, {
          place: 'device',
          stage: 'link',
          device,
          action: { code: 'device-down', values: { device, state: link.state ?? '' } },
          verdict: asksInVain(ns, link, nextHop) ? 'reject' : 'drop',
          proofs: decisive(link),
        }),
      ],
      'receive',
    );
  }
  const fitted = fitMtu(b, link);
  if (fitted.end) return sent([fitted], 'receive');
  const point =
    TUNNEL_KINDS.has(link.kind ?? '') ||
    link.xfrmIfId !== undefined ||
    link.kind === 'wireguard' ||
    link.flags.includes('POINTOPOINT');
  if (link.kind === 'dummy') {
    return sent(
      [
        finish(b, {
          place: 'device',
          stage: 'dummy',
          device,
          action: { code: 'dummy-device', values: { device } },
          verdict: 'drop',
          proofs: decisive(link),
        }),
      ],
      'receive',
    );
  }
  const resolved = point ? fitted : neighbour(world, fitted, link, nextHop);
  if (resolved.end) return sent([resolved], 'receive');
  const on = { ...resolved, nextHop, srcMac: link.mac };
  if (link.vxlan) return sent([vxlanTransmit(on, link)], 'output');
  if (TUNNEL_KINDS.has(link.kind ?? '')) return sent([tunnelTransmit(on, link, nextHop)], 'output');
  if (link.kind === 'bridge') return sent(outOfBridge(world, on, link, nextHop), 'receive');
  return sent(outOfPort(world, on, link, nextHop), 'receive');
};

/** Up, and with a next hop whose MAC has to be asked for. */
const asksInVain = (ns: NetNamespace, link: Link, nextHop: string): boolean =>
  link.flags.includes('UP') && !['resolved', 'noarp'].includes(resolveNeighbour(ns, link.name, nextHop).state);

/** A veth ends in its peer's namespace; any other device on the network between the nodes. */
export const outOfPort = (world: World, b: Branch, link: Link, nextHop: string): readonly Branch[] => {
  const tooLong = tooLongForPort(b, link);
  if (tooLong) return [tooLong];
  const peer = world.network.vethPeer(b.namespace, link.name);
  if (peer) {
    const left = step(b, {
      place: 'device',
      stage: 'veth',
      device: link.name,
      action: { code: 'veth', values: { device: link.name, peer: peer.link.name, to: peer.namespace.id } },
      proofs: decisive(link),
    });
    // The next hop of a way that was inferred is a guess: whoever gets the frame takes it for its own.
    const isGuess = b.route?.route !== undefined && isInferred(b.route.route);
    const frame = isGuess ? { ...left, nextHop: undefined, dstMac: undefined } : left;
    return enter(world, frame, peer.namespace, peer.link.name);
  }
  // A pod whose devices nobody listed has its veth all the same; a way that was inferred says nothing of the next hop.
  const isGuessed = (isInferred(link) && b.namespace.name !== '') || (b.route?.route && isInferred(b.route.route));
  return isGuessed ? throughUnseen(world, b, nextHop) : throughUnderlay(world, b, nextHop);
};

const outOfBridge = (world: World, b: Branch, bridge: Link, nextHop: string): readonly Branch[] => {
  const port = portFor(world, b, bridge.name, nextHop);
  if (!port) return throughUnderlay(world, b, nextHop);
  return outOfPort(world, throughPort(b, bridge.name, port), port, nextHop);
};

/**
 * ip_finish_output: larger than the device's MTU with DF set comes back as ICMP fragmentation needed. What a socket other than TCP's sends is cut where it is too long
 * (ip_dont_fragment sets DF on what fits).
 */
const fitMtu = (b: Branch, link: Link): Branch => {
  const mtu = Math.min(link.mtu ?? Number.POSITIVE_INFINITY, b.route?.mtu ?? Number.POSITIVE_INFINITY);
  const { length, df, proto, inner } = b.packet;
  if (length <= mtu || !df) return b;
  if (b.iif === undefined && proto !== 'tcp' && !inner) return { ...b, packet: { ...b.packet, df: false } };
  return finish(b, {
    place: 'device',
    stage: 'mtu',
    device: link.name,
    action: { code: 'mtu-exceeded', values: { device: link.name, mtu, length } },
    verdict: 'reject',
    proofs: decisive(link),
  });
};

/** The MAC of the next hop; the end where nobody answers for it. */
export const neighbour = (world: World, b: Branch, link: Link, nextHop: string): Branch => {
  const answer: NeighbourAnswer = resolveNeighbour(b.namespace, link.name, nextHop);
  if (answer.state === 'resolved') return { ...b, dstMac: answer.mac };
  const owner = world.network.owners(nextHop).find((o) => o.namespace !== b.namespace && o.link.kind !== 'dummy');
  // Asked and not answered yet is a moment where the owner is there; nobody answers for an address that no node has.
  if (answer.state === 'failed' || (answer.state === 'incomplete' && !owner)) {
    return finish(b, {
      place: 'neighbour',
      stage: 'neighbour',
      device: link.name,
      action: { code: 'neighbour-failed', values: { address: nextHop, device: link.name } },
      verdict: 'reject',
      proofs: answer.sources.map((source) => ({ source, role: 'decisive' as const })),
    });
  }
  // Not in the dump: it may have aged out, and whoever owns the address answers with its own MAC. Across a VXLAN the question itself
  // needs an fdb entry to be sent by, so there the MAC stays unknown. Where the table was not captured, its maker (flannel, Calico) is taken to have entered the
  // other end's device.
  if (link.vxlan) {
    if (!answer.missing || !owner?.link.vxlan) return { ...b, dstMac: undefined };
    const values = { device: link.name, address: nextHop };
    const taken = assume(b, { code: 'neighbour-unknown', values, missing: answer.missing, source: undefined });
    return { ...taken, dstMac: owner.link.mac };
  }
  return { ...b, dstMac: owner?.link.mac };
};
