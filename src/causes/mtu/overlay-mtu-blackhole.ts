import type { SeenEntry, SeenPacket } from '../../evidence/observation.ts';
import { stuckOf } from '../../evidence/seen.ts';
import { type NetNamespace, sysctlNumber } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { Leg } from '../../path/walk-result.ts';
import type { Link } from '../../records/link.ts';
import type { PacketView } from '../../records/packet.ts';
import { decisiveLine, namespaceId, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { NO_PART, part, shell } from '../facts/shell.ts';
import { toldTooBig } from '../facts/too-big.ts';
import { crossoversOf } from '../facts/trace.ts';
import { unwrappedSegments } from '../facts/unwrapped-segments.ts';

/** TCP and IP headers around a segment's payload, with the timestamp option that Linux sends. */
const HEADERS = { 4: 52, 6: 72 } as const;
/** What every link must carry (RFC 8200). */
const LEAST_MTU = 1280;

/**
 * The handshake and small segments pass, full-size ones are sent again and again and never arrive: with the tunnel's headers they are larger than some link on the way
 * carries, and nobody tells the sender (or the news is lost).
 */
export const overlayMtuBlackhole: Cause = {
  id: 'overlay-mtu-blackhole',
  group: 'B',
  layer: 'mtu',
  control: false,
  needs: ['tcpdump', 'ip-link', 'ip-route', 'iptables-save', 'conntrack', 'sysctl'],
  references: [
    'RFC 2923',
    'RFC 4821',
    'net/ipv4/ip_output.c: ip_fragment',
    'drivers/net/vxlan/vxlan_core.c: VXLAN_HEADROOM',
    'submariner-io/submariner#2132',
    'submariner-io/submariner#1774',
  ],
  explains: ['ct-invalid-drop-or-rst', 'submariner-mss-not-clamped'],
  detect: (context): readonly Verdict[] => {
    if (context.evidence.seen !== 'stalled') return unwatched(context);
    const [stuck] = stuckOf(context.evidence.packets);
    if (!stuck) return [];
    const { seq, length = 0 } = stuck.view;
    const same = context.evidence.packets.filter(
      (p) => p.layer?.seq === seq && p.layer?.length === length && p.leg !== 'error',
    );
    const leg = same[0]?.leg === 'forward' ? context.branch.forward : context.branch.reply;
    if (!leg || same.length === 0) return [];
    return gap(context, leg, same, length);
  },
  told: (context) => {
    const tooBig = toldTooBig(context);
    return tooBig.length > 0 ? tooBig : unwrappedSegments(context);
  },
};

interface Encapsulation {
  readonly step: Step;
  readonly link: Link | undefined;
  readonly overhead: number;
}

/** Tunnels that the leg passes, outermost last, and the bytes that they add. */
const tunnelsOf = (context: CauseContext, leg: Leg): readonly Encapsulation[] =>
  leg.steps
    .filter((s) => s.action.code.endsWith('-encapsulate'))
    .map((step) => ({
      step,
      link:
        step.device === undefined
          ? undefined
          : context.network.namespaces.get(namespaceId(step))?.links.get(step.device),
      overhead: Math.max(0, step.after.length - step.before.length),
    }));

/** The line of the segment itself, below those of its tunnels. */
const segmentOf = (view: PacketView): PacketView => (view.inner ? segmentOf(view.inner) : view);

/** The last place that saw the segment, and the first one behind it that was watched and did not. */
const gap = (context: CauseContext, leg: Leg, same: readonly SeenPacket[], length: number): readonly Verdict[] => {
  const order = [...new Set([...leg.steps.map(namespaceId), ...lostBefore(leg)])];
  const at = Math.max(...same.map((p) => order.indexOf(p.namespace)));
  const last = context.network.namespaces.get(order[at] ?? '');
  if (at < 0 || !last) return [];
  const behind = order.slice(at + 1).flatMap((id) => context.network.namespaces.get(id) ?? []);
  const next = behind[0];
  // The handshake passed in both directions: captures that show nothing of the connection were taken elsewhere (another device, another filter) and tell nothing of it.
  const watched = behind.find(
    (ns) => ns.packets.length > 0 && context.evidence.packets.some((p) => p.namespace === ns.id),
  );
  const repeats = repeatsOf(same, last);
  const passed = watched ? largestPassed(context, watched, same[0]?.leg ?? 'forward') : undefined;
  // Everything of this direction is missing behind: no matter of size.
  if (watched && passed === undefined) return [];
  const tunnels = tunnelsOf(context, leg);
  const overhead = tunnels.reduce((sum, t) => sum + t.overhead, 0);
  const inner = length + HEADERS[leg.packet.family];
  const [tunnel] = tunnels;
  const underlay = underlayOf(context, leg, tunnels.at(-1)?.step);
  const crosses = next !== undefined && next.node !== last.node;
  const told = tooBigMessage([last, ...order.slice(0, at).flatMap((id) => context.network.namespaces.get(id) ?? [])]);
  const mss = LEAST_MTU - overhead - 40;
  const device = tunnel?.step.device ?? underlay?.name ?? '';
  return [
    {
      kind: 'found',
      confidence: watched ? 'certain' : 'likely',
      node: crosses ? null : last.node,
      namespace: crosses ? '' : last.name,
      ...(crosses && next ? { between: [last.node, next.node] as const } : {}),
      at: crosses ? 'between' : 'device',
      values: {
        byIcmp: false,
        payload: length,
        inner,
        outer: inner + overhead,
        overhead,
        tunnel: tunnel?.step.stage ?? '',
        device,
        deviceMtu: tunnel?.link?.mtu ?? 0,
        underlay: underlay?.name ?? '',
        underlayMtu: underlay?.mtu ?? 0,
        exceeds: underlay?.mtu !== undefined && inner + overhead > underlay.mtu,
        repeats: repeats.length,
        passed: passed?.length ?? 0,
        seenBehind: watched !== undefined,
        told: told !== undefined,
        answer: leg.direction === 'reply',
        from: last.node,
        to: next?.node ?? '',
      },
      evidence: [
        ...repeats.slice(0, 3).flatMap((view) => decisiveLine(segmentOf(view), [`length ${length}`])),
        ...decisiveLine(passed && segmentOf(passed)),
        ...decisiveLine(tunnel?.link, [`mtu ${tunnel?.link?.mtu ?? ''}`]),
        ...supportingLine(underlay, [`mtu ${underlay?.mtu ?? ''}`]),
        ...supportingLine(told),
      ],
      fixes: [
        {
          id: 'clamp-mss',
          // The size that a peer announces on its SYN limits what is sent to it: what comes in by the device for the lost direction, what goes out for the other.
          commands: (device === '' ? [NO_PART] : [part` -i ${device}`, part` -o ${device}`]).map((way) =>
            commandOn(
              last.node,
              shell`${leg.packet.family === 4 ? 'iptables' : 'ip6tables'} -t mangle -A FORWARD${way} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss ${mss}`,
            ),
          ),
          changes: [],
          values: { mss, device },
        },
      ],
    },
  ];
};

/** Where a leg lost its packet on the way to a node, that node. */
const lostBefore = ({ steps }: Leg): readonly string[] => {
  const last = steps.at(-1);
  return last?.action.code === 'lost' ? [textOf(last, 'to')] : [];
};

/** Seconds that an entry of a connection lives with data that was not acknowledged, or sent again and again (nf_conntrack_proto_tcp.c); an idle one lives for days. */
const UNACKNOWLEDGED = ['unacknowledged', 'max_retrans'] as const;
const DEFAULT_LIFE = 300;
const WAITED = 2;

/** The entry of an open connection says that its last packet, some time ago, left data unacknowledged. */
const waitsForAck = (ns: NetNamespace, { entry, agrees }: SeenEntry): boolean => {
  const life = (name: string) => sysctlNumber(ns, `net.netfilter.nf_conntrack_tcp_timeout_${name}`);
  const limit = Math.max(...UNACKNOWLEDGED.map((name) => life(name) ?? DEFAULT_LIFE));
  const left = entry.timeout ?? Number.POSITIVE_INFINITY;
  const idle = life('established') ?? Number.POSITIVE_INFINITY;
  return (
    agrees !== false && entry.state === 'ESTABLISHED' && !entry.unreplied && left <= limit - WAITED && idle > 2 * limit
  );
};

/** A connection through a tunnel came about and is stuck with data that nobody acknowledged; which of its segments arrive, only packets tell. */
const unwatched = (context: CauseContext): readonly Verdict[] => {
  const { evidence, network } = context;
  if (context.flow.question.proto !== 'tcp' || evidence.packets.length > 0) return [];
  const tunnel = crossoversOf(context).find(({ step }) => step.after.inner !== undefined);
  const isStuck = evidence.entries.some((e) => {
    const ns = network.namespaces.get(e.namespace);
    return ns !== undefined && waitsForAck(ns, e);
  });
  if (!tunnel || !isStuck) return [];
  const { sender, receiver } = tunnel;
  return [
    undecided(
      [sender, receiver].map((ns) => ({ kind: 'tcpdump', namespace: ns.id })),
      { from: sender.node, to: receiver.node },
    ),
  ];
};

/** The segment's sightings in the last namespace, one device's. */
const repeatsOf = (same: readonly SeenPacket[], ns: NetNamespace): readonly PacketView[] => {
  const here = same.filter((p) => p.namespace === ns.id);
  const device = here.at(-1)?.view.device;
  return here.filter((p) => p.view.device === device).map((p) => p.view);
};

/** The largest segment of the same direction that was seen in a namespace behind the gap; a SYN-ACK counts as one without payload. */
const largestPassed = (context: CauseContext, ns: NetNamespace, leg: SeenPacket['leg']): PacketView | undefined => {
  const here = context.evidence.packets.filter((p) => p.namespace === ns.id && p.leg === leg && p.layer !== undefined);
  return [...here].sort((a, b) => (b.layer?.length ?? 0) - (a.layer?.length ?? 0))[0]?.view;
};

/** The device that carries the outermost packets. */
const underlayOf = (context: CauseContext, leg: Leg, tunnel: Step | undefined): Link | undefined => {
  if (!tunnel) return undefined;
  const after = leg.steps
    .slice(leg.steps.indexOf(tunnel) + 1)
    .find((s) => s.place === 'routing' && namespaceId(s) === namespaceId(tunnel));
  return after?.device === undefined
    ? undefined
    : context.network.namespaces.get(namespaceId(tunnel))?.links.get(after.device);
};

/** An ICMP message on the sender's side that a packet was too big: it was sent, and did not help. */
const tooBigMessage = (namespaces: readonly NetNamespace[]): PacketView | undefined => {
  for (const ns of namespaces)
    for (const table of ns.packets)
      for (const row of table.icmpErrorRows().slice(0, 200)) {
        const view = table.packet(row);
        for (let layer: PacketView | undefined = view; layer; layer = layer.inner)
          if (/need to frag|too big/.test(layer.icmp ?? '')) return view;
      }
  return undefined;
};
