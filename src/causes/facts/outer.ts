import type { NetNamespace } from '../../network/namespace.ts';
import type { PacketView } from '../../records/packet.ts';

/** Outer packets of a tunnel between two underlay addresses that a namespace's captures show, at most `limit` of them. */
export const outerPackets = (
  ns: NetNamespace,
  from: string,
  to: string,
  isTunnel: (view: PacketView) => boolean,
  limit = 20,
): readonly PacketView[] => {
  const found: PacketView[] = [];
  for (const table of ns.packets)
    for (const row of table.rowsWithAddress(from)) {
      const view = table.packet(row);
      if (view.src !== from || view.dst !== to || !isTunnel(view)) continue;
      found.push(view);
      if (found.length >= limit) return found;
    }
  return found;
};

/** A VXLAN packet by its port: tcpdump names the protocol only for ports that it knows. */
export const isVxlan =
  (port: number) =>
  (view: PacketView): boolean =>
    view.dport === port && (view.proto === 'vxlan' || view.proto === 'udp' || view.vni !== undefined);

export const isIpip = (view: PacketView): boolean => view.proto === 'ipip' || view.proto === 'gre';

/** Any packet that a namespace's captures show to come in from an address: the two ends do reach each other. */
export const anyArrivalFrom = (ns: NetNamespace, from: string): PacketView | undefined => {
  for (const table of ns.packets)
    for (const row of table.rowsWithAddress(from)) {
      const view = table.packet(row);
      if (view.src === from && view.direction !== 'out' && view.proto !== 'arp') return view;
    }
  return undefined;
};
