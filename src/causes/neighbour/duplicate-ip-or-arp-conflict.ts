import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { AddressOwner } from '../../network/network.ts';
import type { Step } from '../../path/step.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import { isInferred } from '../../records/origin.ts';
import type { PacketView } from '../../records/packet.ts';
import type { Neighbour } from '../../records/route.ts';
import { isLinkLocal } from '../../tables/address.ts';
import { backendOf, trafficAt } from '../facts/backend.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, stepsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';

const ROUTED: ReadonlySet<string> = new Set<ActionCode>(['forward', 'route', 'reroute']);

/**
 * Two stations have the address that the packet is for, or another one than its owner answers for it: a pod's address that was given out twice, a host with the same
 * address by mistake. The packet goes to whoever answered last.
 */
export const duplicateIpOrArpConflict: Cause = {
  id: 'duplicate-ip-or-arp-conflict',
  group: 'C',
  layer: 'neighbour',
  control: false,
  needs: ['ip-neigh', 'ip-addr', 'tcpdump', 'kubectl'],
  references: ['RFC 5227', 'net/ipv4/arp.c: arp_process', 'cloudnativelabs/kube-router#1056'],
  explains: ['targetport-no-listener-rst', 'neigh-failed-next-hop', 'martian-source-is-local-vip'],
  detect: (context): readonly Verdict[] => {
    if (!isBroken(context)) return [];
    const asked = new Set<string>();
    for (const step of stepsOf(context)) {
      const hop = nextHopOf(context, step);
      if (!hop || asked.has(`${hop.ns.id} ${hop.device} ${hop.address}`)) continue;
      asked.add(`${hop.ns.id} ${hop.device} ${hop.address}`);
      const found = judge(context, step, hop);
      if (found.length > 0) return found;
    }
    return impostor(context);
  },
};

/** The client was refused, the server was watched and got no request: somebody else answered for it, and whom the node before it asks was not captured. */
const impostor = (context: CauseContext): readonly Verdict[] => {
  const backend = backendOf(context);
  if (context.evidence.seen !== 'refused' || context.branch.outcome !== 'delivered' || !backend) return [];
  if (backend.namespace.packets.length === 0 || trafficAt(context, backend).asks.length > 0) return [];
  const hops = context.branch.forward.steps.flatMap((step) => nextHopOf(context, step) ?? []);
  const last = hops.findLast(({ address }) => address === backend.step.before.dst);
  return last && !knows(last.ns, 'ip-neigh')
    ? [undecided([{ kind: 'ip-neigh', namespace: last.ns.id }], { address: last.address, device: last.device })]
    : [];
};

interface Hop {
  readonly ns: NetNamespace;
  readonly device: string;
  readonly address: string;
}

/** Where a routing step hands the packet to a station by its address. */
const nextHopOf = (context: CauseContext, step: Step): Hop | undefined => {
  if (step.place !== 'routing' || !ROUTED.has(step.action.code)) return undefined;
  const ns = context.network.namespaces.get(namespaceId(step));
  const device = textOf(step, 'device');
  const link = ns?.links.get(device);
  if (
    !ns ||
    !link ||
    link.vxlan ||
    link.kind === 'dummy' ||
    link.flags.includes('LOOPBACK') ||
    link.flags.includes('NOARP')
  )
    return undefined;
  const address = textOf(step, 'via') || step.before.dst;
  return isLinkLocal(address) ? undefined : { ns, device, address };
};

/** Stations on the wire with the address. A VRRP or balancer address is bound on one node at a time or with a host mask, a pod's on none twice. */
const stations = (context: CauseContext, { ns, address }: Hop): readonly AddressOwner[] =>
  context.network
    .owners(address)
    .filter(
      (o) =>
        o.namespace !== ns &&
        !isInferred(o.address) &&
        o.link.kind !== 'dummy' &&
        !o.link.flags.includes('LOOPBACK') &&
        !o.address.secondary &&
        o.link.flags.includes('UP'),
    );

const judge = (context: CauseContext, step: Step, hop: Hop): readonly Verdict[] => {
  const owners = stations(context, hop);
  const entry = hop.ns.neighbours.find(
    (n) => n.dev === hop.device && n.address === hop.address && n.mac !== undefined && !n.proxy && !isInferred(n),
  );
  const answers = answersFor(hop);
  const macs = new Set(answers.map((view) => view.arp?.mac ?? ''));
  const holders = new Set(owners.map((o) => o.namespace.id));
  const wrong = entry && misdirected(context, hop, entry, owners);
  if (holders.size < 2 && !wrong && macs.size < 2) return [];
  const [first, second] = owners;
  const intruder = wrong ? wrong.station : second?.namespace.id;
  const evidence: EvidenceLine[] = [
    ...decisiveLine(entry, [hop.address, entry?.mac ?? '']),
    ...owners.slice(0, 3).flatMap((o) => decisiveLine(o.address, [hop.address])),
    ...(wrong ? decisiveLine(wrong.link, [entry?.mac ?? '']) : []),
    ...(macs.size > 1 ? answers.slice(0, 4).flatMap((view) => decisiveLine(view, [view.arp?.mac ?? ''])) : []),
    ...owners.slice(0, 2).flatMap((o) => supportingLine(o.link, [o.link.mac ?? ''])),
    ...symptomLines(context),
  ];
  const confirmed = macs.size > 1 || wrong !== undefined;
  return [
    foundAt(step, {
      confidence:
        confirmed && context.evidence.seen !== 'unknown'
          ? 'certain'
          : confirmed || holders.size > 1
            ? 'likely'
            : 'possible',
      values: {
        address: hop.address,
        device: hop.device,
        owners: [...holders],
        owner: first?.namespace.id ?? '',
        intruder: intruder ?? '',
        mac: entry?.mac ?? '',
        ownMac: first?.link.mac ?? '',
        macs: [...macs],
        twice: holders.size > 1,
      },
      evidence,
      fixes: [
        {
          id: 'forget-entry',
          commands: [commandIn(hop.ns, shell`ip neigh flush to ${hop.address} dev ${hop.device}`)],
          changes: [],
          values: { address: hop.address, device: hop.device },
        },
      ],
    }),
  ];
};

/** ARP answers for the address that the sender's captures show. */
const answersFor = ({ ns, address }: Hop): readonly PacketView[] => {
  const found: PacketView[] = [];
  for (const table of ns.packets)
    for (const row of table.rowsWithAddress(address)) {
      const view = table.packet(row);
      if (view.arp?.op === 'reply' && view.arp.mac !== undefined && (view.arp.sender ?? view.arp.target) === address)
        found.push(view);
      if (found.length >= 50) return found;
    }
  return found;
};

/**
 * The entry's MAC is not its owner's but another known station's. A MAC that nobody in the bundle has is often a router that answers for all (cloud networks,
 * proxy ARP), so it accuses nobody.
 */
const misdirected = (context: CauseContext, hop: Hop, entry: Neighbour, owners: readonly AddressOwner[]) => {
  if (owners.length === 0 || owners.some((o) => o.link.mac === entry.mac || o.link.mac === undefined)) return undefined;
  const shared = hop.ns.neighbours.filter(
    (n) => n.dev === hop.device && n.mac === entry.mac && n.family === entry.family,
  ).length;
  if (shared > 1) return undefined;
  for (const ns of context.network.namespaces.values()) {
    // A host answers for its pods where these are routed.
    if (ns === hop.ns || (ns.name === '' && owners.some((o) => o.namespace.node === ns.node))) continue;
    for (const link of ns.links.values())
      if (link.mac === entry.mac && link.kind !== 'dummy') return { station: ns.id, link };
  }
  return undefined;
};
