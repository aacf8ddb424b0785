import type { Link } from '../../records/link.ts';
import { type Branch, decisive, finish, step } from '../branch.ts';
import { resetCt } from '../conntrack.ts';
import type { Packet } from '../packet.ts';

/** Outer header (and GRE's own four bytes). */
const OVERHEAD: Readonly<Record<string, number>> = { ipip: 20, sit: 20, gre: 24, ip6tnl: 40 };

export const TUNNEL_KINDS: ReadonlySet<string> = new Set(Object.keys(OVERHEAD));

/** ip_tunnel_xmit: to the device's remote end, or to the route's next hop where the device has none (tunl0). */
export const tunnelTransmit = (b: Branch, link: Link, nextHop: string): Branch => {
  const kind = link.kind ?? 'ipip';
  const remote = link.tunnel?.remote ?? nextHop;
  const outer: Packet = {
    family: remote.includes(':') ? 6 : 4,
    proto: kind === 'gre' ? 'gre' : 'ipip',
    src: link.tunnel?.local ?? '',
    dst: remote,
    sport: undefined,
    dport: undefined,
    icmp: undefined,
    tcp: undefined,
    mark: b.packet.mark,
    ttl: 64,
    length: b.packet.length + (OVERHEAD[kind] ?? 20),
    df: b.packet.df,
    spi: undefined,
    vni: undefined,
    inner: b.packet,
  };
  const done = step(b, {
    place: 'device',
    stage: kind,
    device: link.name,
    action: { code: 'ipip-encapsulate', values: { device: link.name, kind, remote } },
    after: outer,
    proofs: decisive(link),
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
  };
};

const unset = (address: string | undefined): boolean =>
  address === undefined || address === '0.0.0.0' || address === '::' || address === 'any';

/** ip_tunnel_lookup: the device by both ends, else by its local end, else the catch-all. */
export const tunnelReceive = (b: Branch): Branch => {
  const p = b.packet;
  const { inner } = p;
  if (!inner) return b;
  const kind = p.proto === 'gre' ? 'gre' : 'ipip';
  const devices = [...b.namespace.links.values()].filter((link) => link.kind === kind && link.flags.includes('UP'));
  const device =
    devices.find(
      (link) => link.tunnel?.remote === p.src && (unset(link.tunnel?.local) || link.tunnel?.local === p.dst),
    ) ??
    devices.find((link) => unset(link.tunnel?.remote) && link.tunnel?.local === p.dst) ??
    devices.find((link) => unset(link.tunnel?.remote) && unset(link.tunnel?.local));
  if (!device)
    return finish(b, {
      place: 'decapsulation',
      stage: kind,
      device: b.iif,
      action: { code: 'no-tunnel-device', values: { kind, src: p.src } },
      verdict: 'reject',
    });
  const done = step(b, {
    place: 'decapsulation',
    stage: kind,
    device: device.name,
    action: { code: 'ipip-decapsulate', values: { device: device.name, kind } },
    // skb_scrub_packet keeps the mark within a namespace.
    after: { ...inner, mark: p.mark },
    proofs: decisive(device),
  });
  return { ...resetCt(done), iif: device.name, oif: undefined, route: undefined, secpath: [], dstMac: undefined };
};
