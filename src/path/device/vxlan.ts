import { knows } from '../../network/namespace.ts';
import type { Link } from '../../records/link.ts';
import type { PacketView } from '../../records/packet.ts';
import { assume, type Branch, decisive, finish, step } from '../branch.ts';
import { resetCt } from '../conntrack.ts';
import type { Packet } from '../packet.ts';
import type { RouteQuestion } from '../routing/outcome.ts';
import { outputRoute } from '../routing/output.ts';
import { sightings } from '../sightings.ts';
import { listenerFor } from '../socket.ts';
import type { ActionValues } from '../vocabulary/actions.ts';

const ZERO_MAC = '00:00:00:00:00:00';
/** Outer IP, UDP and VXLAN headers and the inner Ethernet header; 20 more with an outer IPv6 header. */
const OVERHEAD_V4 = 50;
const OVERHEAD_V6 = 70;

/**
 * vxlan_xmit: the remote by the frame's MAC in the device's fdb, else the device's default remotes (all-zero entries, `remote`).
 * Without one the frame is dropped and counted as TX dropped. Gives the outer packet, to be sent by the host's own stack.
 */
export const vxlanTransmit = (b: Branch, link: Link): Branch => {
  const { vxlan } = link;
  if (!vxlan) return b;
  const ns = b.namespace;
  const mine = ns.fdb.filter((entry) => entry.dev === link.name && entry.dst !== undefined);
  const byMac = b.dstMac === undefined ? [] : mine.filter((entry) => entry.mac === b.dstMac);
  const chosen = byMac[0] ?? mine.find((entry) => entry.mac === ZERO_MAC);
  const seen = chosen || knows(ns, 'bridge-fdb') ? undefined : seenWrapped(b);
  const remote = chosen?.dst ?? vxlan.remote ?? vxlan.group ?? seen?.dst;
  const values = { device: link.name, vni: vxlan.id, port: vxlan.port, mac: b.dstMac ?? '' };
  if (remote === undefined) {
    if (!knows(ns, 'bridge-fdb')) return untold(b, link, 'fdb', values);
    if (!knows(ns, 'ip-neigh')) return untold(b, link, 'neighbour', values);
    const read = ns.captureSources.get('bridge-fdb') ?? [];
    return finish(b, {
      place: 'device',
      stage: 'vxlan',
      device: link.name,
      action: { code: 'vxlan-no-fdb', values },
      verdict: 'drop',
      proofs: [...decisive(link), ...read.map((source) => ({ source, role: 'supporting' as const }))],
    });
  }
  const family = remote.includes(':') ? 6 : 4;
  const outer: Packet = {
    family,
    proto: 'udp',
    src: vxlan.local ?? '',
    dst: remote,
    sport: undefined,
    dport: chosen?.port ?? vxlan.port,
    icmp: undefined,
    tcp: undefined,
    mark: b.packet.mark,
    ttl: 64,
    length: b.packet.length + (family === 4 ? OVERHEAD_V4 : OVERHEAD_V6),
    df: false,
    spi: undefined,
    vni: chosen?.vni ?? vxlan.id,
    inner: b.packet,
    ...(b.dstMac === undefined ? {} : { innerMac: b.dstMac }),
    ...(link.mac === undefined ? {} : { innerSrcMac: link.mac }),
  };
  const way = outerWay(b, link, outer);
  if (way === 'circular') {
    return finish(b, {
      place: 'device',
      stage: 'vxlan',
      device: link.name,
      action: { code: 'vxlan-circular', values: { ...values, remote, mark: b.packet.mark } },
      verdict: 'drop',
      proofs: decisive(link, chosen),
    });
  }
  const sent = way === 'seen' ? { ...outer, mark: 0 } : outer;
  const known =
    way === 'seen' ? assume(b, { code: 'outer-mark-cleared', values, missing: undefined, source: link.source }) : b;
  const done = step(known, {
    place: 'device',
    stage: 'vxlan',
    device: link.name,
    action: { code: 'vxlan-encapsulate', values: { ...values, remote, local: vxlan.local ?? '' } },
    after: sent,
    proofs: decisive(chosen, link, chosen ? undefined : seen),
  });
  return {
    ...resetCt(done),
    iif: undefined,
    oif: undefined,
    route: undefined,
    bundle: undefined,
    transformed: false,
    secpath: [],
    dstMac: undefined,
    nextHop: undefined,
    boundTo: vxlan.dev,
  };
};

/** The very packet inside another one that left: the device did find its remote. */
const seenWrapped = (b: Branch): PacketView | undefined =>
  sightings(b.namespace, b.packet).find((view) => view.direction === 'out' && view.proto === 'vxlan' && view.inner);

/** Neither the frame's MAC nor its way is known without the table that was not captured. */
const untold = (b: Branch, link: Link, table: 'fdb' | 'neighbour', values: ActionValues<'vxlan-no-fdb'>): Branch =>
  finish(
    assume(b, {
      code: `${table}-unknown`,
      values,
      missing: { kind: table === 'fdb' ? 'bridge-fdb' : 'ip-neigh', namespace: b.namespace.id },
      source: undefined,
    }),
    {
      place: 'device',
      stage: 'vxlan',
      device: link.name,
      action: { code: `vxlan-${table}-unknown`, values },
      verdict: 'unknown',
    },
  );

/**
 * vxlan_get_route looks the outer packet up with the inner one's mark and, where the device was made with `dev`, by that device. A way
 * that leads into the VXLAN device itself is circular (-ELOOP): the frame is dropped, counted as a TX error and a collision; so it was on
 * 6.1 and 6.18. `seen`: the captures show the outer packet leaving all the same, so something that they do not show (tc) cleared the mark.
 */
const outerWay = (b: Branch, link: Link, outer: Packet): 'open' | 'circular' | 'seen' => {
  const question: RouteQuestion = {
    family: outer.family,
    dst: outer.dst,
    src: outer.src === '' ? undefined : outer.src,
    iif: undefined,
    oif: link.vxlan?.dev,
    mark: outer.mark,
    proto: 'udp',
    sport: undefined,
    dport: outer.dport,
    uid: undefined,
    tos: undefined,
  };
  const answers = outputRoute(b.namespace, question);
  if (answers.length === 0 || answers.some((answer) => answer.dev !== link.name)) return 'open';
  if (outer.mark === 0) return 'circular';
  const src = outputRoute(b.namespace, { ...question, mark: 0 })[0]?.prefSrc ?? '';
  const left = sightings(b.namespace, { ...outer, src, inner: undefined }).filter((view) => view.direction === 'out');
  return left.length > 0 ? 'seen' : 'circular';
};

/**
 * vxlan_rcv: the device by UDP port and VNI; a frame whose MAC is not the device's own is for another station and dropped
 * (it still shows in tcpdump on the device).
 */
export const vxlanReceive = (b: Branch): Branch => {
  const p = b.packet;
  const { inner } = p;
  if (!inner) return b;
  const ns = b.namespace;
  const values = { vni: p.vni ?? 0, port: p.dport ?? 0, src: p.src };
  const devices = [...ns.links.values()].filter((link) => link.vxlan !== undefined);
  const onPort = devices.filter((link) => link.vxlan?.port === p.dport);
  const fail = (
    code: 'vxlan-no-port' | 'vxlan-vni-mismatch',
    proofs: ReturnType<typeof decisive>,
    verdict: 'drop' | 'reject' = 'drop',
  ): Branch =>
    finish(b, { place: 'decapsulation', stage: 'vxlan', device: b.iif, action: { code, values }, verdict, proofs });
  if (devices.length === 0 && !knows(ns, 'ip-link')) {
    return finish(
      assume(b, { code: 'links-unknown', values, missing: { kind: 'ip-link', namespace: ns.id }, source: undefined }),
      {
        place: 'decapsulation',
        stage: 'vxlan',
        device: b.iif,
        action: { code: 'vxlan-device-unknown', values },
        verdict: 'unknown',
      },
    );
  }
  // Another socket of that port takes it and makes nothing of it.
  if (onPort.length === 0) return fail('vxlan-no-port', decisive(...devices), listenerFor(ns, p) ? 'drop' : 'reject');
  const device = onPort.find(
    (link) => link.vxlan?.id === p.vni && (link.vxlan?.local === undefined || link.vxlan.local === p.dst),
  );
  if (!device) return fail('vxlan-vni-mismatch', decisive(...onPort));
  if (!device.flags.includes('UP'))
    return finish(b, {
      place: 'decapsulation',
      stage: 'vxlan',
      device: device.name,
      action: { code: 'device-down', values: { ...values, device: device.name, state: device.state ?? '' } },
      verdict: 'drop',
      proofs: decisive(device),
    });
  const own = device.mac;
  if (p.innerMac !== undefined && own !== undefined && p.innerMac !== own && device.master === undefined) {
    return finish(b, {
      place: 'decapsulation',
      stage: 'vxlan',
      device: device.name,
      action: { code: 'vxlan-other-station', values: { ...values, device: device.name, mac: p.innerMac, own } },
      verdict: 'drop',
      proofs: decisive(device),
    });
  }
  const done = step(b, {
    place: 'decapsulation',
    stage: 'vxlan',
    device: device.name,
    action: { code: 'vxlan-decapsulate', values: { ...values, device: device.name } },
    // iptunnel_pull_header scrubs the mark only where the device is of another namespace than its socket.
    after: { ...inner, mark: p.mark },
    proofs: decisive(device),
  });
  return {
    ...resetCt(done),
    iif: device.name,
    oif: undefined,
    route: undefined,
    secpath: [],
    dstMac: p.innerMac,
    srcMac: p.innerSrcMac,
  };
};
