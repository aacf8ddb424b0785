import { type Link, UNNAMED_DEVICE } from '../records/link.ts';
import { isLoopback } from '../tables/address.ts';
import { assume, type Branch, finish, inOrder, type Stage, step, type World } from './branch.ts';
import { confirm, conntrackIn } from './conntrack.ts';
import { bridgeCallsIptables, forHost, hairpinOff, isHairpin, portFor, throughPort } from './device/bridge.ts';
import { neighbour, outOfPort, type Sent } from './device/transmit.ts';
import { tunnelReceive } from './device/tunnel.ts';
import { vxlanReceive } from './device/vxlan.ts';
import { earlySecurity, lateSecurity, table } from './hook.ts';
import { ipvsReply, ipvsRequest } from './ipvs.ts';
import { nat } from './nat.ts';
import { sendOn, sendReinjected } from './output.ts';
import { inputRoute } from './routing/input.ts';
import { lookupRoute } from './routing/lookup.ts';
import { endsHere } from './sightings.ts';
import { atSocket } from './socket.ts';
import { notAssigned } from './tproxy.ts';
import { waysIn } from './unknown-route.ts';
import { policyCheck } from './xfrm/check.ts';
import { decrypt } from './xfrm/input.ts';
import { xfrmForward, xfrmLookup } from './xfrm/output.ts';

const ended = (branch: Branch): Sent => ({ branch, next: 'ended' });

/** NF_INET_PRE_ROUTING in the kernel's order. */
const prerouting = inOrder(
  table('PREROUTING', 'raw'),
  conntrackIn('PREROUTING'),
  table('PREROUTING', 'mangle'),
  nat('PREROUTING'),
  table('PREROUTING', 'security'),
);

/** A packet at a device: a bridge port's frame goes to the bridge first. */
export const receive = (world: World, b: Branch): readonly Sent[] => {
  const link = b.iif === undefined ? undefined : b.namespace.links.get(b.iif);
  const master = link?.master === undefined ? undefined : b.namespace.links.get(link.master);
  if (link?.flags.length && !link.flags.includes('UP') && !link.flags.includes('LOOPBACK')) {
    return [
      ended(
        finish(b, {
          place: 'ingress',
          stage: 'link',
          device: b.iif,
          action: { code: 'device-down', values: { device: link.name, state: link.state ?? '' } },
          verdict: 'drop',
          proofs: [{ source: link.source, role: 'decisive' }],
        }),
      ),
    ];
  }
  if (!link || !master || master.kind === 'vrf') return ipReceive(world, b);
  if (master.kind !== 'bridge') return ipReceive(world, { ...b, iif: master.name });
  const onBridge = { ...b, physIn: link.name, iif: master.name };
  if (!forHost(world, onBridge, master)) return bridged(world, onBridge, master);
  const calls = bridgeCallsIptables(onBridge);
  return calls === false ? ipReceive(world, onBridge) : frameForHost(world, onBridge, master, calls === undefined);
};

/** A frame for the bridge's own host: br_netfilter has it pass PREROUTING on the bridge, where a new destination is routed at once. */
const frameForHost = (world: World, b: Branch, bridge: Link, assumed: boolean): readonly Sent[] =>
  prerouting(world, b).flatMap((next) => {
    if (next.end) return [ended(next)];
    return next.packet.dst === b.packet.dst ? routeIn(world, next) : routeIn(world, next, { bridge, assumed });
  });

/** br_handle_frame of a frame for another port; with br_netfilter it passes the IP hooks on its way. */
const bridged = (world: World, b: Branch, bridge: Link): readonly Sent[] => {
  const calls = bridgeCallsIptables(b);
  if (calls === false) {
    const passed = step(b, {
      place: 'bridge',
      stage: 'bridge',
      device: bridge.name,
      action: { code: 'bridge-without-iptables', values: { bridge: bridge.name } },
    });
    return outByPort(world, passed, bridge.name);
  }
  return prerouting(world, calls === undefined ? bridgeAssumed(b, bridge.name) : b).flatMap((next) => {
    if (next.end) return [ended(next)];
    return next.packet.dst === b.packet.dst
      ? bridgedOn(world, next, bridge.name)
      : routeIn(world, next, { bridge, assumed: false });
  });
};

/** FORWARD's tables before IPVS. */
const forwardFilter = inOrder(table('FORWARD', 'mangle'), table('FORWARD', 'filter'), earlySecurity('FORWARD'));

/** br_nf_forward and br_nf_post_routing around br_forward: FORWARD, the port, POSTROUTING. A port that does not take the frame leaves no entry behind. */
const bridgedOn = (world: World, b: Branch, bridge: string): readonly Sent[] => {
  const hooks = inOrder(
    forwardFilter,
    ipvsReply('FORWARD'),
    lateSecurity('FORWARD'),
    table('POSTROUTING', 'mangle'),
    nat('POSTROUTING'),
    confirm,
  );
  const on = { ...b, oif: bridge };
  const port = portFor(world, on, bridge, on.nextHop ?? on.packet.dst);
  if (port && isHairpin(on, port)) return [ended(hairpinOff(on, bridge, port))];
  return hooks(world, { ...on, physOut: port?.name }).flatMap((out) =>
    out.end ? [ended(out)] : outByPort(world, out, bridge),
  );
};

const outByPort = (world: World, b: Branch, bridge: string): readonly Sent[] => {
  const nextHop = b.nextHop ?? b.packet.dst;
  const port = portFor(world, b, bridge, nextHop);
  if (!port)
    return [
      ended(
        finish(b, {
          place: 'bridge',
          stage: 'bridge',
          device: bridge,
          action: { code: 'bridge-no-port', values: { bridge, address: nextHop } },
          verdict: 'unknown',
        }),
      ),
    ];
  if (isHairpin(b, port)) return [ended(hairpinOff(b, bridge, port))];
  return outOfPort(world, throughPort(b, bridge, port), port, nextHop).map((branch) => ({
    branch,
    next: branch.end ? 'ended' : 'receive',
  }));
};

/** Where a frame that br_netfilter translated came from; `assumed` where nothing tells whether br_netfilter looks at it. */
interface OnBridge {
  readonly bridge: Link;
  readonly assumed: boolean;
}

/**
 * br_nf_pre_routing_finish, bridged_dnat: where the new destination is on the same bridge, the frame is switched there with the neighbour's MAC and
 * never forwarded by IP.
 */
const staysOnBridge = (world: World, b: Branch, { bridge, assumed }: OnBridge): readonly Sent[] => {
  const nextHop = b.route?.via ?? b.packet.dst;
  const asked = neighbour(world, assumed ? bridgeAssumed(b, bridge.name) : b, bridge, nextHop);
  return asked.end ? [ended(asked)] : bridgedOn(world, { ...asked, nextHop }, bridge.name);
};

/** A node of a cluster has br_netfilter on; where nothing tells, that is taken for granted. */
const bridgeAssumed = (b: Branch, bridge: string): Branch =>
  assume(
    step(b, {
      place: 'bridge',
      stage: 'bridge',
      device: bridge,
      action: { code: 'bridge-iptables-assumed', values: { bridge } },
    }),
    {
      code: 'bridge-iptables-assumed',
      values: { bridge },
      missing: { kind: 'sysctl', namespace: b.namespace.id },
      source: undefined,
    },
  );

/** ip6_rcv_core: ::1 never comes from a wire. */
const fromNowhere = ({ packet: { family, src, dst }, iif, namespace }: Branch): boolean =>
  family === 6 &&
  (isLoopback(src) || isLoopback(dst)) &&
  iif !== 'lo' &&
  !namespace.links.get(iif ?? '')?.flags.includes('LOOPBACK');

/** ip_rcv: PREROUTING and the routing decision. */
const ipReceive = (world: World, b: Branch): readonly Sent[] =>
  fromNowhere(b)
    ? [ended(martian(b))]
    : prerouting(world, b).flatMap((next) => (next.end ? [ended(next)] : routeIn(world, next)));

const martian = (b: Branch): Branch => {
  const { src, dst } = b.packet;
  return finish(b, {
    place: 'ingress',
    stage: 'ip6',
    device: b.iif,
    action: { code: isLoopback(dst) ? 'martian-destination' : 'martian-source', values: { src, dst } },
    verdict: 'drop',
  });
};

/** A device as it is told: '' where none is, or where the bundle does not name it. */
const named = (device: string | undefined): string => (device === undefined || device === UNNAMED_DEVICE ? '' : device);

/** ip_route_input: this host, onwards, or nowhere. */
const routeIn = (world: World, b: Branch, on?: OnBridge): readonly Sent[] => {
  const p = b.packet;
  const results = inputRoute(
    b.namespace,
    {
      family: p.family,
      dst: p.dst,
      src: p.src,
      iif: b.iif,
      oif: undefined,
      mark: p.mark,
      proto: p.proto,
      sport: p.sport,
      dport: p.dport,
      uid: undefined,
      tos: undefined,
    },
    b.iif ?? '',
    { decrypted: b.secpath.length > 0, ends: () => endsHere(b.namespace, p, b.iif ?? '') },
  ).flatMap((result) => waysIn(world, b, result));
  return results.flatMap((found) => {
    // br_nf_pre_routing_finish_ipv6 asks for a route and not whether the host forwards.
    const staysHere = on && p.family === 6 && found.reason === 'no-forwarding' && found.answer?.dev === on.bridge.name;
    const result = staysHere ? { ...found, decision: 'forward' as const } : found;
    const proofs = result.proofs.map((source) => ({ source, role: 'decisive' as const }));
    const open = assume({ ...b, share: b.share / results.length }, ...result.assumptions);
    const values = {
      dst: p.dst,
      src: p.src,
      device: named(result.answer?.dev),
      via: result.answer?.via ?? '',
      iif: named(b.iif),
      table: result.answer?.table ?? '',
      ...result.values,
      ...(result.icmp ? { icmpCode: result.icmp.code } : {}),
    };
    const isAssumed = result.assumptions.some((a) => a.code === 'way-assumed');
    if (result.decision === 'local') {
      const here = step(open, {
        place: 'routing',
        stage: 'fib',
        device: b.iif,
        action: isAssumed ? { code: 'way-assumed', values: { way: 'here', dst: p.dst } } : { code: 'local', values },
        proofs,
      });
      return localIn(world, { ...here, route: result.answer, nextHop: undefined });
    }
    if (result.decision === 'forward') {
      const routed = step(
        { ...open, route: result.answer, oif: result.answer?.dev },
        {
          place: 'routing',
          stage: 'fib',
          device: b.iif,
          action: isAssumed
            ? { code: 'way-assumed', values: { way: 'onward', dst: p.dst } }
            : { code: 'forward', values },
          proofs,
        },
      );
      return on && routed.oif === on.bridge.name ? staysOnBridge(world, routed, on) : forward(world, routed);
    }
    // br_nf_pre_routing_finish_ipv6 frees what has no route.
    const answered = result.icmp && !(on && p.family === 6);
    const verdict = result.decision === 'unknown' ? 'unknown' : answered ? 'reject' : 'drop';
    return [
      ended(
        finish(open, {
          place: 'routing',
          stage: 'fib',
          device: b.iif,
          action: { code: result.reason, values },
          verdict,
          proofs,
        }),
      ),
    ];
  });
};

const inputFilter = inOrder(table('INPUT', 'mangle'), table('INPUT', 'filter'), earlySecurity('INPUT'));

/** ip_local_deliver: INPUT, with IPVS behind the filter, then the protocol. */
const localIn = (world: World, b: Branch): readonly Sent[] =>
  inOrder(
    inputFilter,
    ipvsReply('INPUT'),
    ipvsRequest('INPUT'),
  )(world, b).flatMap((next) => {
    if (next.end) return [ended(next)];
    const redirected = next.ipvs && next.packet.dst !== b.packet.dst;
    if (redirected && !next.steps.at(-1)?.action.values.local) return sendReinjected(world, next);
    if (next.ipvs && next.nextHop !== undefined && next.nextHop !== b.nextHop) return sendReinjected(world, next);
    return inOrder(
      nat('INPUT'),
      lateSecurity('INPUT'),
      confirm,
    )(world, next).flatMap((done) => (done.end ? [ended(done)] : deliver(world, done)));
  });

const TUNNELS: ReadonlySet<string> = new Set(['ipip', 'gre']);

/** ip_protocol_deliver_rcu: tunnels open and start over; the rest must pass XFRM's check and find a socket. */
const deliver = (world: World, b: Branch): readonly Sent[] => {
  const p = b.packet;
  const again = (next: Branch): readonly Sent[] => (next.end ? [ended(next)] : receiveInner(world, next));
  if (p.inner) {
    if (p.proto === 'esp' || p.proto === 'ah' || (p.proto === 'udp' && p.spi !== undefined))
      return decrypt(world, b).flatMap(again);
    const open =
      p.proto === 'udp' && p.vni !== undefined ? vxlanReceive : TUNNELS.has(p.proto) ? tunnelReceive : undefined;
    // udp_queue_rcv_one_skb and ipip_rcv ask the policies of what carries the tunnel, before it is opened.
    if (open) return policyCheck('in')(world, b).flatMap((next) => (next.end ? [ended(next)] : again(open(next))));
  }
  return inOrder(policyCheck('in'), atSocket)(world, b).map(ended);
};

const receiveInner = (world: World, b: Branch): readonly Sent[] =>
  receive(world, { ...b, namespaces: b.namespaces + 1 });

/**
 * ip_forward: the XFRM forward policy first, then XFRM's own route, then FORWARD with IPVS' reply handler (100) behind the filter and before iptables-nft's security table (150).
 */
const forward = (world: World, b: Branch): readonly Sent[] => {
  const checked = inOrder(
    notAssigned,
    policyCheck('fwd'),
    timeToLive,
    xfrmForward,
    mtuOfForward,
    forwardFilter,
    ipvsReply('FORWARD'),
    rerouteAfterIpvs,
    lateSecurity('FORWARD'),
  );
  return checked(world, b).flatMap((next) =>
    next.end ? [ended(next)] : sendOn(world, { ...next, nextHop: undefined }),
  );
};

/** This namespace has forwarded the packet before. */
const wasHere = ({ steps, namespace, packet }: Branch): boolean =>
  steps.filter(
    (s) =>
      s.action.code === 'forward' &&
      s.node === namespace.node &&
      s.namespace === namespace.name &&
      s.before.dst === packet.dst,
  ).length > 1;

/** ip_forward, ip6_forward: the last hop's packet is answered with ICMP time exceeded; FORWARD sees the others with one hop less. */
const timeToLive: Stage = (_world, b) => {
  const { packet } = b;
  if (packet.ttl > 1) return [{ ...b, packet: { ...packet, ttl: packet.ttl - 1 } }];
  return [
    finish(b, {
      place: 'routing',
      stage: 'ttl',
      device: b.iif,
      action: wasHere(b)
        ? { code: 'loop', values: { namespaces: b.namespaces } }
        : { code: 'ttl-expired', values: { ttl: packet.ttl } },
      verdict: 'reject',
    }),
  ];
};

/** net.ipv4.vs.snat_reroute (on by default): a translated answer is routed again by its new source. */
const rerouteAfterIpvs: Stage = (_world, b) => {
  if (!b.ipvs) return [b];
  const p = b.packet;
  const answer = lookupRoute(b.namespace, {
    family: p.family,
    dst: p.dst,
    src: p.src,
    iif: undefined,
    oif: undefined,
    mark: p.mark,
    proto: p.proto,
    sport: p.sport,
    dport: p.dport,
    uid: undefined,
    tos: undefined,
  })[0];
  if (!answer?.dev) return [b];
  return [xfrmLookup({ ...b, route: answer, oif: answer.dev })];
};

/** ip_forward: larger than the route's MTU with DF set is answered with ICMP fragmentation needed, before FORWARD. */
const mtuOfForward: Stage = (_world, b) => {
  const link = b.oif === undefined ? undefined : b.namespace.links.get(b.oif);
  const mtu = Math.min(link?.mtu ?? Number.POSITIVE_INFINITY, b.route?.mtu ?? Number.POSITIVE_INFINITY);
  if (b.packet.length <= mtu || !b.packet.df) return [b];
  return [
    finish(b, {
      place: 'routing',
      stage: 'mtu',
      device: b.oif,
      action: { code: 'mtu-exceeded', values: { device: b.oif ?? '', mtu, length: b.packet.length } },
      verdict: 'reject',
      proofs: link ? [{ source: link.source, role: 'decisive' }] : [],
    }),
  ];
};
