import { counter } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import type { WalkEntry } from '../path/conntrack-entry.ts';
import { dumpedConnections, dumpedEntries } from '../path/sightings.ts';
import type { ActionCode } from '../path/vocabulary/actions.ts';
import { decidingLeg, type WalkBranch, type WalkedFlow } from '../path/walk-result.ts';
import type { Counter } from '../records/counter.ts';
import type { PacketView } from '../records/packet.ts';
import { alignClocks } from './clocks.ts';
import { withoutForeignEsp } from './esp.ts';
import { allNames, type FlowName } from './names.ts';
import type { FlowEvidence, Seen, SeenConnection, SeenEntry, SeenPacket, Stopped } from './observation.ts';
import { probesOf, saidByProbes } from './probes.ts';
import { isAsking, whatTheClientSaw } from './seen.ts';
import { signsOf } from './signs.ts';
import { stoppedAt } from './stopped.ts';

const MAX_PACKETS = 400;

/** Everything that the bundle shows of the flow, joined to one branch of its walk across every translation. */
export const gatherEvidence = (
  network: Network,
  flow: WalkedFlow,
  branch: WalkBranch | undefined = flow.branches[0],
): FlowEvidence => {
  const names = allNames(network, flow.question, branch);
  const entries = seenEntries(network, names, branch);
  const all = withoutForeignEsp(seenPackets(network, names));
  const clockOffsets = alignClocks(all);
  const inOrder = all
    .map((packet) => ({ packet, at: (packet.view.time ?? 0) + (clockOffsets.get(nodeOf(packet.namespace)) ?? 0) }))
    .sort((a, b) => a.at - b.at)
    .map(({ packet }) => packet);
  const packets = inOrder.slice(0, MAX_PACKETS);
  const asking = isAsking(network, flow.question);
  const stopped = stoppedAt(flow.question, inOrder);
  const captured = lately(whatTheClientSaw(flow.question, entries, packets, asking, isRefusedNow(flow)), flow, stopped);
  const probes = probesOf(network, flow.question);
  return {
    entries,
    connections: seenConnections(network, names),
    packets,
    packetsCut: inOrder.length - packets.length,
    clockOffsets,
    signs: signsOf(network, flow.question, names),
    counters: explainedCounters(network, branch),
    probes,
    stopped,
    ...whoSays(flow.question.saw, captured, saidByProbes(probes)),
  };
};

/** What was answered once and is answered no more does not work now. */
const lately = (seen: Seen, { question }: WalkedFlow, stopped: Stopped | undefined): Seen => {
  if (seen !== 'ok' || !stopped) return seen;
  return question.proto === 'tcp' ? 'stalled' : 'timeout';
};

/** The user was there; packets and entries are the kernel's account, a tool's output one attempt's. */
const whoSays = (
  user: Seen | undefined,
  captured: Seen,
  printed: Seen | undefined,
): Pick<FlowEvidence, 'seen' | 'seenBy'> => {
  if (user !== undefined) return { seen: user, seenBy: 'user' };
  if (captured === 'unknown' && printed !== undefined) return { seen: printed, seenBy: 'probe' };
  return { seen: captured, seenBy: 'captures' };
};

const REFUSED: ReadonlySet<string> = new Set(['dropped', 'rejected', 'reset']);

/** Every way that the walk knows ends in a refusal, and none of them hangs on a match that the bundle cannot decide. */
const isRefusedNow = ({ branches, cut }: WalkedFlow): boolean =>
  !cut &&
  branches.length > 0 &&
  branches.every((b) => REFUSED.has(b.outcome) && !b.assumptions.some((a) => 'matched' in a.values));

const nodeOf = (namespace: string): string => namespace.split('/')[0] ?? namespace;

const agreesWith = (predicted: readonly WalkEntry[] | undefined, entry: SeenEntry['entry']): boolean | undefined => {
  if (!predicted || predicted.length === 0) return undefined;
  const same = (a: number | undefined, b: number | undefined) => a === undefined || b === undefined || a === b;
  return predicted.some(
    (p) =>
      p.original.src === entry.original.src &&
      p.original.dst === entry.original.dst &&
      p.reply.src === entry.reply.src &&
      p.reply.dst === entry.reply.dst &&
      same(p.reply.sport, entry.reply.icmpId ?? entry.reply.sport) &&
      same(p.reply.dport, entry.reply.dport),
  );
};

const seenEntries = (
  network: Network,
  names: readonly FlowName[],
  branch: WalkBranch | undefined,
): readonly SeenEntry[] => {
  const found = new Map<string, SeenEntry>();
  for (const name of names) {
    if (name.leg !== 'forward' || name.packet.spi !== undefined) continue;
    const ns = network.namespaces.get(name.namespace);
    if (!ns) continue;
    const p = name.packet;
    for (const entry of dumpedEntries(ns, p.proto, {
      src: p.src,
      dst: p.dst,
      sport: p.icmp ? p.icmp.id : p.sport,
      dport: p.icmp ? undefined : p.dport,
    })) {
      const key = `${ns.id} ${entry.source.file}:${entry.source.line}`;
      if (!found.has(key))
        found.set(key, { namespace: ns.id, entry, agrees: agreesWith(branch?.entries.get(ns.id), entry) });
    }
  }
  return [...found.values()];
};

const seenConnections = (network: Network, names: readonly FlowName[]): readonly SeenConnection[] => {
  const found = new Map<string, SeenConnection>();
  for (const name of names) {
    const ns = network.namespaces.get(name.namespace);
    if (!ns || name.leg !== 'forward') continue;
    for (const connection of dumpedConnections(ns, name.packet))
      found.set(`${connection.source.file}:${connection.source.line}`, { namespace: ns.id, connection });
  }
  return [...found.values()];
};

const agrees = (a: number | undefined, b: number | undefined): boolean => a === undefined || b === undefined || a === b;

const ECHO: Readonly<Record<string, readonly number[]>> = { 'echo request': [8, 128], 'echo reply': [0, 129] };

const isLayer = (view: PacketView, name: FlowName): boolean => {
  const p = name.packet;
  if (p.spi !== undefined) return view.spi === p.spi && view.src === p.src && view.dst === p.dst;
  if (view.src !== p.src || view.dst !== p.dst) return false;
  if (p.icmp)
    return (
      (view.proto === 'icmp' || view.proto === 'icmp6') &&
      (ECHO[view.icmp ?? '']?.includes(p.icmp.type) ?? false) &&
      agrees(view.icmpId, p.icmp.id)
    );
  return view.proto === p.proto && agrees(view.sport, p.sport) && agrees(view.dport, p.dport);
};

const WRAPPINGS: ReadonlySet<string> = new Set(['vxlan', 'geneve', 'ipip', 'gre']);

const seenPackets = (network: Network, names: readonly FlowName[]): readonly SeenPacket[] => {
  const found = new Map<string, SeenPacket>();
  for (const name of names) {
    const ns = network.namespaces.get(name.namespace);
    if (!ns || (name.packet.proto === 'udp' && name.packet.vni !== undefined)) continue;
    for (const table of ns.packets)
      for (const row of table.rowsWithAddress(name.packet.dst)) {
        const key = `${ns.id} ${table.file} ${row}`;
        if (found.has(key)) continue;
        const view = table.packet(row);
        const seen = match(view, name);
        if (seen) found.set(key, seen);
      }
  }
  for (const error of errorsAbout(network, names))
    found.set(`${error.namespace} ${error.view.source.file}:${error.view.source.line}`, error);
  return [...found.values()];
};

const match = (view: PacketView, name: FlowName): SeenPacket | undefined => {
  let wrapping: SeenPacket['wrapping'] = 'plain';
  for (let layer: PacketView | undefined = view; layer; layer = layer.inner) {
    if (isLayer(layer, name)) {
      const esp = layer.spi !== undefined;
      return {
        namespace: name.namespace,
        view,
        layer: esp ? undefined : layer,
        leg: name.leg,
        step: name.step,
        wrapping: esp ? 'esp' : wrapping,
      };
    }
    if (WRAPPINGS.has(layer.proto)) wrapping = layer.proto as SeenPacket['wrapping'];
  }
  return undefined;
};

/** ICMP errors that come back to the flow's source about its destination, in the namespaces that it passes. */
const errorsAbout = (network: Network, names: readonly FlowName[]): readonly SeenPacket[] => {
  const found: SeenPacket[] = [];
  const done = new Set<string>();
  for (const name of names) {
    const ns = network.namespaces.get(name.namespace);
    if (!ns || name.leg !== 'forward') continue;
    for (const table of ns.packets)
      for (const row of table.icmpErrorRows()) {
        const key = `${ns.id} ${table.file} ${row}`;
        if (done.has(key)) continue;
        const view = table.packet(row);
        for (let layer: PacketView | undefined = view; layer; layer = layer.inner) {
          if (
            layer.dst !== name.packet.src ||
            layer.icmpAbout?.dst !== name.packet.dst ||
            !agrees(layer.icmpAbout.port, name.packet.dport)
          )
            continue;
          done.add(key);
          found.push({ namespace: ns.id, view, layer, leg: 'error', step: undefined, wrapping: 'plain' });
          break;
        }
      }
  }
  return found;
};

/** Counters that stand for the walk's last step. */
const COUNTERS_OF: Readonly<Partial<Record<ActionCode, readonly string[]>>> = {
  'rp-filter': ['TcpExtIPReversePathFilter'],
  'martian-source': ['in_martian_src'],
  'no-forwarding': ['IpInAddrErrors'],
  loop: ['IpInHdrErrors', 'IcmpOutTimeExcds'],
  'ttl-expired': ['IpInHdrErrors', 'IcmpOutTimeExcds'],
  'no-route': ['IpOutNoRoutes', 'IcmpOutDestUnreachs'],
  'no-listener': ['TcpOutRsts', 'UdpNoPorts'],
  'vxlan-no-port': ['UdpNoPorts'],
};

const explainedCounters = (network: Network, branch: WalkBranch | undefined): FlowEvidence['counters'] => {
  const last = branch && decidingLeg(branch);
  if (!last) return [];
  const step = last.steps.at(-1);
  if (!step) return [];
  const namespace = step.namespace === '' ? step.node : `${step.node}/${step.namespace}`;
  const ns = network.namespaces.get(namespace);
  if (!ns) return [];
  const named =
    typeof step.action.values.counter === 'string' && step.action.values.counter !== ''
      ? [step.action.values.counter]
      : [];
  return [...named, ...(COUNTERS_OF[step.action.code] ?? [])].flatMap((name) => {
    const found: Counter | undefined = counter(ns, name);
    return found ? [{ namespace, counter: found }] : [];
  });
};
