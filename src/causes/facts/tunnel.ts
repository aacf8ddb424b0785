import type { NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import type { Step } from '../../path/step.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import type { Leg } from '../../path/walk-result.ts';
import type { Link } from '../../records/link.ts';
import type { FdbEntry, Neighbour } from '../../records/route.ts';
import { namespaceId, textOf } from './ending.ts';

/** The far end of a VXLAN as its own node has it. */
export interface TunnelEnd {
  readonly namespace: NetNamespace;
  readonly link: Link;
  /** The address that its outer packets are sent from and to. */
  readonly local: string | undefined;
}

/** The underlay address of a VXLAN device: its `local`, else its lower device's first address, else the host's default route's device's. */
export const underlayAddress = (ns: NetNamespace, link: Link): string | undefined => {
  const { vxlan } = link;
  if (vxlan?.local !== undefined && vxlan.local !== '') return vxlan.local;
  const byDefault = ns.routes.find((r) => r.family === 4 && r.prefix === '0.0.0.0/0' && r.table === 'main')?.nextHops[0]
    ?.dev;
  const lower = ns.links.get(vxlan?.dev ?? byDefault ?? '');
  return lower?.addresses.find((a) => a.scope === 'global')?.address;
};

/** Whose VXLAN device has the overlay address: the station that a frame on the overlay is meant for. */
export const tunnelEndOf = (network: Network, overlay: string): TunnelEnd | undefined => {
  const owner = network.owners(overlay).find((o) => o.link.vxlan !== undefined);
  return owner && { namespace: owner.namespace, link: owner.link, local: underlayAddress(owner.namespace, owner.link) };
};

/** VXLAN devices of other nodes with the same network identifier, or the same name. */
export const peersOf = (network: Network, ns: NetNamespace, link: Link): readonly TunnelEnd[] =>
  network.nodes.flatMap(({ host }) =>
    host === ns
      ? []
      : [...host.links.values()]
          .filter((l) => l.vxlan !== undefined && (l.name === link.name || l.vxlan.id === link.vxlan?.id))
          .map((l) => ({ namespace: host, link: l, local: underlayAddress(host, l) })),
  );

/** Where a device sends what it knows no station for: its `remote`, where one host of the bundle has that address or was seen to speak from it. */
const remoteEndOf = (network: Network, { vxlan }: Link): Omit<TunnelEnd, 'link'> | undefined => {
  const owners = network.owners(vxlan?.remote ?? '').filter((o) => o.namespace.name === '' && o.link.kind !== 'dummy');
  const holders = owners.length > 0 ? owners.map((o) => o.namespace) : speakersOf(network, vxlan?.remote ?? '');
  return holders.length === 1 && holders[0] ? { namespace: holders[0], local: vxlan?.remote } : undefined;
};

/** Hosts that were seen to send ARP from the address, which a kernel does with its own addresses alone (arp_solicit, arp_process). */
const speakersOf = (network: Network, address: string): readonly NetNamespace[] =>
  network.nodes
    .map(({ host }) => host)
    .filter((host) =>
      host.packets.some((table) =>
        table.rowsWithAddress(address).some((row) => {
          const view = table.packet(row);
          return view.proto === 'arp' && view.direction === 'out' && view.src === address;
        }),
      ),
    );

/** The far end to which a device asks for a neighbour: whose device has the address, else where it is told to send, else the first of its peers. */
export const askedEnd = (
  network: Network,
  ns: NetNamespace,
  link: Link,
  hop: string,
): Omit<TunnelEnd, 'link'> | undefined =>
  tunnelEndOf(network, hop) ?? remoteEndOf(network, link) ?? peersOf(network, ns, link)[0];

/** The last encapsulation of a leg. */
export const lastEncapsulation = (leg: Leg, code: ActionCode): Step | undefined =>
  leg.steps.findLast((s) => s.action.code === code);

/** The next hop by which a packet was handed to a device: that of the last route before the step. */
export const nextHopBefore = (leg: Leg, step: Step): string => {
  const at = leg.steps.indexOf(step);
  const routed = leg.steps
    .slice(0, at < 0 ? undefined : at)
    .findLast((s) => s.place === 'routing' && namespaceId(s) === namespaceId(step));
  const via = routed ? textOf(routed, 'via') : '';
  return via === '' ? step.before.dst : via;
};

export const neighbourOf = (ns: NetNamespace, device: string, address: string): Neighbour | undefined =>
  ns.neighbours.find((n) => n.dev === device && n.address === address && !n.proxy);
export const fdbOf = (ns: NetNamespace, device: string, mac: string): FdbEntry | undefined =>
  ns.fdb.find((e) => e.dev === device && e.mac === mac && e.dst !== undefined);

/** Kinds that only a listing with details (`ip -d`) names, and one of which every node with pods has. */
const DETAILED: ReadonlySet<string> = new Set(['veth', 'bridge', 'vxlan', 'dummy', 'vlan', 'macvlan', 'ipvlan']);

/** Whether the namespace's devices were listed with their details: without them a VXLAN device looks like any other. */
export const showsDetails = (ns: NetNamespace): boolean =>
  [...ns.links.values()].some((link) => link.kind !== undefined && DETAILED.has(link.kind));
