import { knows, type NetNamespace } from '../network/namespace.ts';
import type { RealServer, VirtualService } from '../records/ipvs.ts';
import type { PacketView } from '../records/packet.ts';
import { ROWS } from './symptom.ts';

/** An unanswered SYN to a server that IPVS would choose for no new connection. */
export interface SynAtWeightZero {
  readonly service: VirtualService;
  readonly server: RealServer;
  readonly syn: PacketView & { readonly src: string };
}

/** One SYN may be on its way when the capture ends. */
const LEAST = 2;

/**
 * SYNs that this host sent on to a server at weight 0 of one of its IPVS services, and that nobody answered. New connections are scheduled to servers with a weight alone: a connection
 * from before holds these (ip_vs_in_hook finds it by the client's port). What comes in for the server's own address, or has an entry under it, was never for the service.
 */
export const synsAtWeightZero = (ns: NetNamespace): readonly SynAtWeightZero[] => {
  if (knows(ns, 'ipvsadm-connections') || ns.packets.length === 0) return [];
  return ns.services.flatMap((service) => {
    if (service.proto !== 'tcp' || service.address === undefined || service.port === undefined) return [];
    return service.servers
      .filter((server) => server.weight === 0 && server.method === 'masq')
      .flatMap((server) => {
        const syns = unanswered(ns, server);
        return syns.length < LEAST ? [] : syns.map((syn) => ({ service, server, syn }));
      });
  });
};

const unanswered = (ns: NetNamespace, server: RealServer): readonly SynAtWeightZero['syn'][] => {
  const syns: SynAtWeightZero['syn'][] = [];
  const excluded = new Set<string>();
  for (const table of ns.packets)
    for (const row of table.rowsWithAddress(server.address).slice(0, ROWS)) {
      const view = table.packet(row);
      const { src, dst, tcpFlags } = view;
      if (view.proto !== 'tcp' || tcpFlags === undefined || src === undefined || dst === undefined) continue;
      if (dst === server.address && view.dport === server.port) {
        if (view.direction === 'in') excluded.add(`${src} ${view.sport}`);
        else if (tcpFlags === 'S') syns.push({ ...view, src });
      } else if (src === server.address && view.sport === server.port) excluded.add(`${dst} ${view.dport}`);
    }
  for (const table of ns.conntrack)
    for (const row of table.rowsWithAddress(server.address).slice(0, ROWS)) {
      const { original } = table.entry(row);
      if (original.dst === server.address) excluded.add(`${original.src} ${original.sport}`);
    }
  return syns.filter(({ src, sport }) => !excluded.has(`${src} ${sport}`));
};
